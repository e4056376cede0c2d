import type { ChannelReason, ReasonInput } from './reason.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

export interface CallOptions {
  /** Aborts this call; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/**
 * How one end of a channel ended. `closed`: the sender closed it and all was delivered. `aborted`: the
 * sender gave up. `cancelled`: the receiver gave up. `lost`: the session ended first. `moved`: this end
 * was sent in a message, and lives on elsewhere.
 */
export type ChannelEnd =
  | { readonly how: 'closed' | 'moved' }
  | { readonly how: 'aborted' | 'cancelled', readonly reason: ChannelReason }
  | { readonly how: 'lost', readonly error: Error }

/**
 * The end of a channel that sends. Messages arrive in the order of the calls.
 *
 * Sending it in a message moves it: this object is of no use afterwards. See `docs/spec-channel.md`.
 */
export interface Sender<T> extends AsyncDisposable {
  /**
   * Resolves when the channel has taken the message: in memory when a receiver, or the buffer, has it;
   * over a session when it is encoded and there is room for it. What was taken is delivered before any
   * end but the loss of the connection.
   *
   * @throws CodedError ChannelClosed, ChannelCancelled, ChannelMoved, SessionClosed, ConnectionLost;
   * MessageTooLarge, MessageTooDeep, TooManyReferences, UnencodableMessage and MessageRejected refuse this
   * message alone; the signal's reason, and then nothing was sent
   */
  send(value: T, options?: CallOptions): Promise<void>

  /** Sends now if nobody has to wait for it. Whether it did. @throws as `send` */
  trySend(value: T): boolean

  /** Another handle on the same end. The channel closes when all handles have; aborting one aborts all. */
  dup(): Sender<T>

  /**
   * Ends the channel behind what was sent. Resolves when all that was sent has been taken; closing twice
   * does nothing.
   *
   * @throws the signal's reason, which ends the waiting only
   */
  close(options?: CallOptions): Promise<void>

  /** Gives up: the receiver gets what was taken, then ChannelAborted with this reason. */
  abort(reason?: ReasonInput): void

  /** Resolves when this end has ended, and never rejects. */
  readonly closed: Promise<ChannelEnd>
}

/** The end of a channel that receives. Sending it in a message moves it. */
export interface Receiver<T> extends AsyncIterable<T, void>, AsyncDisposable {
  /**
   * The next message, or `done` after the sender's close.
   *
   * @throws CodedError ChannelAborted, ChannelClosed after `cancel`, ChannelMoved, SessionClosed,
   * ConnectionLost, InvalidMessage, MessageTooLarge, MessageTooDeep, TooManyReferences; MessageRejected for
   * this message alone; the signal's reason, and then nothing was taken
   */
  receive(options?: CallOptions): Promise<IteratorResult<T, void>>

  /** A message that is here already, or the end; undefined when one would have to wait. @throws as `receive` */
  tryReceive(): IteratorResult<T, void> | undefined

  /** Gives up: what has not been received is thrown away, and the sender gets ChannelCancelled with this reason. */
  cancel(reason?: ReasonInput): void

  /** Resolves when this end has ended, and never rejects. */
  readonly closed: Promise<ChannelEnd>
}

export interface ChannelOptions<T> {
  /** Each message has to pass; what it makes of the message is what goes on. Any Standard Schema: zod, valibot, arktype. */
  schema?: StandardSchemaV1<unknown, T> | undefined
}

export interface PipeOptions<T> extends ChannelOptions<T> {
  /** Messages that may wait without a receiver; 0 makes each `send` wait for its receiver. @default 0 */
  capacity?: number
}

export const PIPE_DEFAULTS = Object.freeze({ capacity: 0 })
