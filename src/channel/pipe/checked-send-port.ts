import { senderClosed } from './channel-errors.ts'
import { assertSchema, checkMessage } from './schema-check.ts'
import { refuse } from './ticket-queue.ts'
import type { Verdict } from './schema-check.ts'
import type { Ticket } from './ticket-queue.ts'
import type { ChannelEnd, ChannelReason, SendPort, SendTicket } from '../contract/index.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/**
 * A port whose messages have to pass a schema first. Messages whose check has to wait keep their place: those
 * offered later wait behind them.
 */
export class CheckedSendPort<T> implements SendPort<T> {
  readonly #port: SendPort<T>
  readonly #schema: StandardSchemaV1<unknown, T>
  /** In the order of the offers; undefined while the check goes on. */
  readonly #checking = new Map<SendTicket<T>, Verdict<T> | undefined>()
  readonly #offered = new Map<SendTicket<T>, CheckedTicket<T>>()
  #closing: PromiseWithResolvers<void> | undefined
  #isWatching = false

  constructor (port: SendPort<T>, schema: StandardSchemaV1<unknown, T>) {
    assertSchema(schema)
    this.#port = port
    this.#schema = schema
  }

  /** Never with a schema that answers asynchronously: then somebody has to wait. */
  trySend (value: T): boolean {
    if (this.#closing != null) {
      throw senderClosed()
    }

    if (this.#checking.size > 0) {
      return false
    }

    const verdict = checkMessage(this.#schema, value)

    if (verdict instanceof Promise) {
      return false
    }

    if (verdict.error != null) {
      throw verdict.error
    }

    return this.#port.trySend(verdict.value)
  }

  offer (ticket: SendTicket<T>): void {
    if (this.#closing != null) {
      refuse(ticket, senderClosed())
      return
    }

    const verdict = checkMessage(this.#schema, ticket.value)

    if (!(verdict instanceof Promise)) {
      this.#checking.set(ticket, verdict)
      this.#pass()
      return
    }

    this.#checking.set(ticket, undefined)
    this.#watch()
    void verdict.then((done) => {
      if (this.#checking.has(ticket)) {
        this.#checking.set(ticket, done)
        this.#pass()
      }
    })
  }

  withdraw (ticket: SendTicket<T>): void {
    const offered = this.#offered.get(ticket)

    if (offered != null) {
      this.#offered.delete(ticket)
      this.#port.withdraw(offered)
    } else if (this.#checking.delete(ticket)) {
      // later: who leaves here may have more to withdraw, and that must not go to the port in between
      queueMicrotask(() => { this.#pass() })
    }
  }

  close (): Promise<void> {
    if (this.#checking.size === 0) {
      return this.#port.close()
    }

    this.#closing ??= Promise.withResolvers()

    return this.#closing.promise
  }

  abort (reason: ChannelReason): void {
    this.#port.abort(reason)
    this.#drop()
  }

  get closed (): Promise<ChannelEnd> {
    return this.#port.closed
  }

  /** Whatever is checked, and has nobody before it whose check goes on, goes to the port. */
  #pass (): void {
    for (const [ticket, verdict] of this.#checking) {
      if (verdict == null) {
        return
      }

      this.#checking.delete(ticket)

      if (verdict.error == null) {
        this.#offer(ticket, verdict.value)
      } else {
        refuse(ticket, verdict.error)
      }
    }

    this.#closing?.resolve(this.#port.close())
  }

  #offer (ticket: SendTicket<T>, value: T): void {
    const checked = new CheckedTicket(ticket, value, this.#offered)

    this.#offered.set(ticket, checked)
    this.#port.offer(checked)
  }

  /** The channel has ended: the port refuses whatever it is offered, and knows best why. */
  #drop (): void {
    for (const ticket of this.#checking.keys()) {
      this.#checking.delete(ticket)
      this.#port.offer(ticket)
    }

    this.#closing?.resolve()
  }

  /** A receiver that gives up ends the waiting for a check, too. */
  #watch (): void {
    if (!this.#isWatching) {
      this.#isWatching = true
      void this.#port.closed.then(() => { this.#drop() })
    }
  }
}

/** A ticket with what the schema made of its value. */
class CheckedTicket<T> implements SendTicket<T>, Ticket {
  readonly value: T
  readonly #ticket: SendTicket<T> & Ticket
  readonly #offered: Map<SendTicket<T>, CheckedTicket<T>>

  constructor (ticket: SendTicket<T>, value: T, offered: Map<SendTicket<T>, CheckedTicket<T>>) {
    this.value = value
    this.#ticket = ticket
    this.#offered = offered
  }

  get owner (): object | undefined {
    return this.#ticket.owner
  }

  claim (): boolean {
    return this.#ticket.claim()
  }

  done (): void {
    this.#offered.delete(this.#ticket)
    this.#ticket.done()
  }

  fail (error: unknown): void {
    this.#offered.delete(this.#ticket)
    this.#ticket.fail(error)
  }
}
