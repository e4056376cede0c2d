import { assertSchema, checkMessage } from './schema-check.ts'
import { TicketQueue } from './ticket-queue.ts'
import type { Verdict } from './schema-check.ts'
import type { Ticket } from './ticket-queue.ts'
import type { ChannelEnd, ChannelReason, ReceivePort, ReceiveTicket } from '../contract/index.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** What goes to the next receiver. */
type Next<T> =
  | { readonly ok: true, readonly result: IteratorResult<T, void> }
  | { readonly ok: false, readonly error: unknown }

/**
 * A port whose messages have to pass a schema before they are received. One that does not fails the receiver
 * that would have got it, and no other.
 *
 * It takes one message at a time from the port beneath, and only while somebody waits for it. If nobody does any
 * more when the check is over, the message stays for the next receiver: leaving loses nothing.
 */
export class CheckedReceivePort<T> implements ReceivePort<T> {
  readonly #port: ReceivePort<unknown>
  readonly #schema: StandardSchemaV1<unknown, T>
  readonly #waiting = new TicketQueue<ReceiveTicket<T> & Ticket>()
  /** `pulling`: a ticket of ours waits at the port. `checking`: a message of it is with the schema. */
  #state: 'idle' | 'pulling' | 'checking' = 'idle'
  #next: Next<T> | undefined
  #isServing = false
  /** Counts the checks, so that one that was cancelled is known when it comes back. */
  #turn = 0
  readonly #pull: ReceiveTicket<unknown> & Ticket

  constructor (port: ReceivePort<unknown>, schema: StandardSchemaV1<unknown, T>) {
    assertSchema(schema)
    this.#port = port
    this.#schema = schema
    this.#pull = new PullTicket(
      this.#waiting,
      (result) => { this.#check(result) },
      (error) => { this.#arrive({ ok: false, error }) }
    )
  }

  tryReceive (): IteratorResult<T, void> | undefined {
    if (this.#next == null && this.#state === 'idle') {
      const result = this.#port.tryReceive()

      if (result == null) {
        return undefined
      }

      this.#check(result)
    }

    // nothing is left here while others wait: it would be theirs
    return this.#takeNext()
  }

  offer (ticket: ReceiveTicket<T>): void {
    const { owner } = this.#waiting

    this.#waiting.add(ticket)

    // the port has passed over senders of this owner, which may be partners from now on
    if (owner != null && this.#waiting.owner !== owner) {
      this.#stopPulling()
    }

    this.#serve()
  }

  withdraw (ticket: ReceiveTicket<T>): void {
    if (this.#waiting.delete(ticket) && this.#waiting.size === 0) {
      this.#stopPulling()
    }
  }

  cancel (reason: ChannelReason): void {
    this.#next = undefined

    if (this.#state === 'checking') {
      this.#turn++
      this.#state = 'idle'
    }

    this.#port.cancel(reason)
    this.#serve()
  }

  get closed (): Promise<ChannelEnd> {
    return this.#port.closed
  }

  /** Brings together those who wait and what there is. In a loop, as a port may settle the pull at once. */
  #serve (): void {
    if (this.#isServing) {
      return
    }

    this.#isServing = true

    while (this.#waiting.size > 0 && (this.#next != null || this.#state === 'idle')) {
      if (this.#next == null) {
        this.#state = 'pulling'
        this.#port.offer(this.#pull)
      } else {
        this.#deliver(this.#next)
      }
    }

    this.#isServing = false
  }

  #stopPulling (): void {
    if (this.#state === 'pulling') {
      this.#state = 'idle'
      this.#port.withdraw(this.#pull)
    }
  }

  #deliver (next: Next<T>): void {
    const ticket = this.#waiting.claim()

    if (ticket == null) {
      return
    }

    this.#next = undefined

    if (next.ok) {
      ticket.done(next.result)
    } else {
      ticket.fail(next.error)
    }
  }

  #check (result: IteratorResult<unknown, void>): void {
    if (result.done === true) {
      this.#arrive({ ok: true, result })
      return
    }

    const verdict = checkMessage(this.#schema, result.value)

    if (!(verdict instanceof Promise)) {
      this.#arrive(toNext(verdict))
      return
    }

    const turn = ++this.#turn

    this.#state = 'checking'
    void verdict.then((done) => {
      if (turn === this.#turn) {
        this.#arrive(toNext(done))
      }
    })
  }

  #arrive (next: Next<T>): void {
    this.#state = 'idle'
    this.#next = next
    this.#serve()
  }

  #takeNext (): IteratorResult<T, void> | undefined {
    const next = this.#next

    this.#next = undefined

    if (next?.ok === false) {
      throw next.error
    }

    return next?.result
  }
}

function toNext<T> (verdict: Verdict<T>): Next<T> {
  return verdict.error == null
    ? { ok: true, result: { done: false, value: verdict.value } }
    : { ok: false, error: verdict.error }
}

/** Waits at the port beneath for all who wait above. */
class PullTicket<T> implements ReceiveTicket<unknown>, Ticket {
  readonly #waiting: TicketQueue<ReceiveTicket<T> & Ticket>
  readonly done: (result: IteratorResult<unknown, void>) => void
  readonly fail: (error: unknown) => void

  constructor (
    waiting: TicketQueue<ReceiveTicket<T> & Ticket>,
    onMessage: (result: IteratorResult<unknown, void>) => void,
    onError: (error: unknown) => void
  ) {
    this.#waiting = waiting
    this.done = onMessage
    this.fail = onError
  }

  /** A `select` above must not meet its own other half below. */
  get owner (): object | undefined {
    return this.#waiting.owner
  }

  claim (): boolean {
    return true
  }
}
