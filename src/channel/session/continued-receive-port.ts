import { toError, Outcome } from '../../base/index.ts'
import { cannotReceive, reasonOf } from './ends.ts'
import type { ChannelEnd, ChannelReason, ReceivePort, ReceiveTicket } from '../contract/index.ts'

const DONE: IteratorReturnResult<void> = Object.freeze({ done: true, value: undefined })

/**
 * The receiving end of a channel that came back: first what had left already, then what the original still has;
 * spec-channel 9.3. It takes one message ahead at most, and only if somebody waits.
 */
export class ContinuedReceivePort implements ReceivePort<unknown> {
  readonly #waiting = new Set<ReceiveTicket<unknown>>()
  readonly #end = new Outcome<ChannelEnd>()
  readonly #ticket: ReceiveTicket<unknown>
  #source: ReceivePort<unknown>
  /** What follows the first source: not known yet, nothing, or the original. */
  #rest: ReceivePort<unknown> | Error | 'unknown' | 'nothing' = 'unknown'
  #isFirst = true
  #isFirstDone = false
  #isAsking = false
  /** A message that was taken for somebody who went away. */
  #held: IteratorResult<unknown, void> | undefined
  #result: Error | 'closed' | undefined

  constructor (first: ReceivePort<unknown>) {
    this.#source = first
    this.#ticket = {
      claim: () => true,
      done: (result) => {
        this.#isAsking = false
        this.#held = this.#checked(result)
        this.#serve()
      },
      fail: (error) => {
        this.#isAsking = false
        this.#fail(toError(error))
        this.#serve()
      }
    }
  }

  /** The original, once nothing lies in front of it. */
  get inner (): ReceivePort<unknown> | undefined {
    return this.#isFirst || this.#held != null || this.#isAsking ? undefined : this.#source
  }

  get closed (): Promise<ChannelEnd> {
    return this.#end.promise
  }

  tryReceive (): IteratorResult<unknown, void> | undefined {
    return this.#waiting.size > 0 ? undefined : this.#next()
  }

  offer (ticket: ReceiveTicket<unknown>): void {
    this.#waiting.add(ticket)
    this.#serve()
  }

  withdraw (ticket: ReceiveTicket<unknown>): void {
    this.#waiting.delete(ticket)

    if (this.#waiting.size === 0 && this.#isAsking) {
      this.#isAsking = false
      this.#source.withdraw(this.#ticket)
    }
  }

  cancel (reason: ChannelReason): void {
    if (this.#result == null) {
      this.#finish(cannotReceive(reason), { how: 'cancelled', reason })
      this.#source.cancel(reason)
      this.#cancelRest(reason)
      this.#serve()
    }
  }

  /** What follows: the original, or nothing where that has ended. */
  follow (rest: ReceivePort<unknown> | Error | undefined): void {
    if (this.#rest !== 'unknown') {
      return
    }

    this.#rest = rest ?? 'nothing'

    if (this.#result instanceof Error) {
      this.#cancelRest(reasonOf(this.#result))
    } else if (this.#isFirstDone) {
      this.#moveOn()
      this.#serve()
    }
  }

  #serve (): void {
    while (this.#waiting.size > 0) {
      const result = this.#attempt()

      if (result == null) {
        this.#ask()
        return
      }

      this.#give(result)
    }
  }

  /** A result, or the error that it was. */
  #attempt (): IteratorResult<unknown, void> | Error | undefined {
    try {
      return this.#next()
    } catch (error) {
      return toError(error)
    }
  }

  #give (result: IteratorResult<unknown, void> | Error): void {
    for (const ticket of this.#waiting) {
      this.#waiting.delete(ticket)

      if (ticket.claim()) {
        settle(ticket, result)
        return
      }
    }

    if (!(result instanceof Error) && result.done !== true) {
      this.#held = result
    }
  }

  #ask (): void {
    if (!this.#isAsking && !(this.#isFirst && this.#isFirstDone)) {
      this.#isAsking = true
      this.#source.offer(this.#ticket)
    }
  }

  /** @throws the error with which the channel ended */
  #next (): IteratorResult<unknown, void> | undefined {
    const held = this.#held

    this.#held = undefined

    if (held != null) {
      return held
    }

    if (this.#result instanceof Error) {
      throw this.#result
    }

    return this.#result === 'closed' ? DONE : this.#pull()
  }

  #pull (): IteratorResult<unknown, void> | undefined {
    if (this.#isAsking || (this.#isFirst && this.#isFirstDone)) {
      return undefined
    }

    try {
      const result = this.#source.tryReceive()

      return result == null ? undefined : this.#checked(result) ?? this.#next()
    } catch (error) {
      this.#fail(toError(error))
      throw error
    }
  }

  /** The message; undefined for the end of one of the sources. */
  #checked (result: IteratorResult<unknown, void>): IteratorResult<unknown, void> | undefined {
    if (result.done !== true) {
      return result
    }

    if (this.#isFirst) {
      this.#isFirstDone = true
      this.#moveOn()
    } else {
      this.#finish('closed', { how: 'closed' })
    }

    return undefined
  }

  #moveOn (): void {
    if (this.#rest === 'nothing') {
      this.#finish('closed', { how: 'closed' })
    } else if (this.#rest instanceof Error) {
      this.#result ??= this.#rest
      this.#end.settle({ how: 'lost', error: this.#rest })
    } else if (this.#rest !== 'unknown' && this.#isFirst) {
      this.#isFirst = false
      this.#source = this.#rest
      void this.#source.closed.then((end) => { this.#end.settle(end) })
    }
  }

  #fail (error: Error): void {
    const reason = reasonOf(error)

    this.#finish(error, { how: 'lost', error })
    this.#cancelRest(reason)
  }

  #cancelRest (reason: ChannelReason): void {
    if (this.#isFirst && typeof this.#rest === 'object' && !(this.#rest instanceof Error)) {
      this.#rest.cancel(reason)
    }
  }

  #finish (result: Error | 'closed', end: ChannelEnd): void {
    this.#result ??= result
    // an end of the source itself says more than we know
    const closed = end.how === 'lost' ? this.#source.closed : Promise.resolve(end)

    void closed.then((value) => { this.#end.settle(value) })
  }
}

function settle (ticket: ReceiveTicket<unknown>, result: IteratorResult<unknown, void> | Error): void {
  if (result instanceof Error) {
    ticket.fail(result)
  } else {
    ticket.done(result)
  }
}
