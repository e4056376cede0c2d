import type { ChannelEnd } from './channel.ts'
import type { ChannelReason } from './reason.ts'

/**
 * Somebody who waits to send one value. A port first claims, then calls `done` or `fail`, all within one turn;
 * once `claim` has returned false the ticket is void. A plain `send` grants every claim, a `select` the first.
 */
export interface SendTicket<T> {
  readonly value: T
  claim(): boolean
  done(): void
  fail(error: unknown): void
}

/** Somebody who waits to receive one value. */
export interface ReceiveTicket<T> {
  claim(): boolean
  done(result: IteratorResult<T, void>): void
  fail(error: unknown): void
}

/** What is behind a Sender: a queue in memory, or a stream of a session. */
export interface SendPort<T> {
  /** Takes the value now, unless somebody waits already or there is no room. @throws as `Sender.send` */
  trySend(value: T): boolean
  /** Settles the ticket now or when there is room, in the order of the offers. */
  offer(ticket: SendTicket<T>): void
  /** Forgets a ticket; does nothing if it is settled. */
  withdraw(ticket: SendTicket<T>): void
  /** Ends the channel behind what waits. Resolves when all has been taken. */
  close(): Promise<void>
  abort(reason: ChannelReason): void
  readonly closed: Promise<ChannelEnd>
}

/** What is behind a Receiver. */
export interface ReceivePort<T> {
  tryReceive(): IteratorResult<T, void> | undefined
  offer(ticket: ReceiveTicket<T>): void
  withdraw(ticket: ReceiveTicket<T>): void
  cancel(reason: ChannelReason): void
  readonly closed: Promise<ChannelEnd>
}
