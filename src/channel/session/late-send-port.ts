import { Outcome } from '../../base/index.ts'
import { refuse } from '../pipe/index.ts'
import { cannotSend, reasonOf } from './ends.ts'
import type { Unsent } from './unsent.ts'
import type { ChannelEnd, ChannelReason, SendPort, SendTicket } from '../contract/index.ts'

/** A sending end that is there before the port behind it may be used. Who sends waits until `open`. */
export class LateSendPort implements SendPort<unknown> {
  readonly #unsent: Unsent | undefined
  readonly #waiting = new Set<SendTicket<unknown>>()
  readonly #end = new Outcome<ChannelEnd>()
  #inner: SendPort<unknown> | undefined
  #failure: Error | undefined
  #loss: Error | undefined
  #aborted: ChannelReason | undefined
  #closed: PromiseWithResolvers<void> | undefined

  /** With `unsent` it fails when the session does. */
  constructor (unsent?: Unsent) {
    this.#unsent = unsent
  }

  /** The port behind it, once it may be used. */
  get inner (): SendPort<unknown> | undefined {
    return this.#inner
  }

  get closed (): Promise<ChannelEnd> {
    this.#wait()

    return this.#end.promise
  }

  trySend (value: unknown): boolean {
    this.#failWithSession()

    if (this.#failure != null) {
      throw this.#failure
    }

    return this.#inner?.trySend(value) ?? false
  }

  offer (ticket: SendTicket<unknown>): void {
    if (this.#failure != null) {
      refuse(ticket, this.#failure)
    } else if (this.#inner != null) {
      this.#inner.offer(ticket)
    } else {
      this.#waiting.add(ticket)
      this.#wait()
    }
  }

  withdraw (ticket: SendTicket<unknown>): void {
    this.#waiting.delete(ticket)
    this.#inner?.withdraw(ticket)
  }

  async close (): Promise<void> {
    if (this.#inner != null) {
      return this.#inner.close()
    }

    if (this.#failure == null) {
      this.#failure = cannotSend('closed')
      this.#closed = Promise.withResolvers()
      this.#wait()
    }

    return this.#closed?.promise
  }

  abort (reason: ChannelReason): void {
    if (this.#inner != null) {
      this.#inner.abort(reason)
    } else if (this.#aborted == null) {
      this.#aborted = reason
      this.#refuseAll(cannotSend(`aborted (${reason.message})`, reason), { how: 'aborted', reason })
    }
  }

  /** What was said to this end is said to `inner` now. */
  open (inner: SendPort<unknown>): void {
    if (this.#inner != null) {
      return
    }

    if (this.#loss != null) {
      inner.abort(reasonOf(this.#loss))
      return
    }

    this.#inner = inner
    this.#failure = undefined
    this.#unsent?.delete(this)

    if (this.#aborted != null) {
      inner.abort(this.#aborted)
    }

    for (const ticket of this.#waiting) {
      this.#waiting.delete(ticket)
      inner.offer(ticket)
    }

    if (this.#closed != null) {
      void inner.close().then(this.#closed.resolve)
    }

    this.#end.follow(inner)
  }

  /** There will be no port. */
  fail (error: Error): void {
    if (this.#inner == null && this.#end.value == null) {
      this.#loss = error
      this.#refuseAll(error, { how: 'lost', error })
    }
  }

  /** Somebody waits here, and must not wait for longer than the session lasts. */
  #wait (): void {
    if (this.#inner == null) {
      this.#unsent?.add(this)
    }
  }

  #failWithSession (): void {
    if (this.#unsent?.error != null) {
      this.fail(this.#unsent.error)
    }
  }

  #refuseAll (error: Error, end: ChannelEnd): void {
    this.#failure = error
    this.#end.settle(end)

    for (const ticket of this.#waiting) {
      this.#waiting.delete(ticket)
      refuse(ticket, error)
    }

    this.#closed?.resolve()
  }
}
