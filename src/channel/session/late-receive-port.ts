import { Outcome } from '../../base/index.ts'
import { refuse } from '../pipe/index.ts'
import { cannotReceive, reasonOf } from './ends.ts'
import type { Unsent } from './unsent.ts'
import type { ChannelEnd, ChannelReason, ReceivePort, ReceiveTicket } from '../contract/index.ts'

/** A receiving end that is there before its stream is. Who receives waits until `open`. */
export class LateReceivePort implements ReceivePort<unknown> {
  readonly #unsent: Unsent | undefined
  readonly #waiting = new Set<ReceiveTicket<unknown>>()
  readonly #end = new Outcome<ChannelEnd>()
  #inner: ReceivePort<unknown> | undefined
  #failure: Error | undefined
  #cancelled: ChannelReason | undefined

  /** With `unsent` it fails when the session does. */
  constructor (unsent?: Unsent) {
    this.#unsent = unsent
  }

  /** The port behind it, once it is there. */
  get inner (): ReceivePort<unknown> | undefined {
    return this.#inner
  }

  get closed (): Promise<ChannelEnd> {
    this.#wait()

    return this.#end.promise
  }

  tryReceive (): IteratorResult<unknown, void> | undefined {
    this.#failWithSession()

    if (this.#failure != null) {
      throw this.#failure
    }

    return this.#inner?.tryReceive()
  }

  offer (ticket: ReceiveTicket<unknown>): void {
    if (this.#failure != null) {
      refuse(ticket, this.#failure)
    } else if (this.#inner != null) {
      this.#inner.offer(ticket)
    } else {
      this.#waiting.add(ticket)
      this.#wait()
    }
  }

  withdraw (ticket: ReceiveTicket<unknown>): void {
    this.#waiting.delete(ticket)
    this.#inner?.withdraw(ticket)
  }

  cancel (reason: ChannelReason): void {
    if (this.#inner != null) {
      this.#inner.cancel(reason)
    } else if (this.#failure == null) {
      this.#cancelled = reason
      this.#refuseAll(cannotReceive(reason), { how: 'cancelled', reason })
    }
  }

  open (inner: ReceivePort<unknown>): void {
    if (this.#failure != null) {
      inner.cancel(this.#cancelled ?? reasonOf(this.#failure))
      return
    }

    if (this.#inner != null) {
      return
    }

    this.#inner = inner
    this.#unsent?.delete(this)

    for (const ticket of this.#waiting) {
      this.#waiting.delete(ticket)
      inner.offer(ticket)
    }

    this.#end.follow(inner)
  }

  /** There will be no port. */
  fail (error: Error): void {
    if (this.#inner == null && this.#failure == null) {
      this.#refuseAll(error, { how: 'lost', error })
    }
  }

  /** Somebody waits here, and must not wait for longer than the session lasts. */
  #wait (): void {
    if (this.#inner == null && this.#failure == null) {
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
  }
}
