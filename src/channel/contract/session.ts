import type { ByteStream } from './byte-stream.ts'
import type { CallOptions, ChannelOptions, Receiver, Sender } from './channel.ts'
import type { Codec, MessageLimits } from './codec.ts'
import type { Wire } from './wire.ts'
import type { Clock } from '../../base/index.ts'

/** Limits of a session. Sizes in bytes, times in milliseconds. */
export interface SessionLimits extends MessageLimits {
  /** Of one encoded message, in and out. @default 4194304 */
  maxMessageBytes: number
  /** Of lists and maps within each other. @default 64 */
  maxDepth: number
  /** Channels and byte streams in one message. @default 256 */
  maxReferences: number
  /** Streams that each side may have opened at a time. @default 4096 */
  maxOpenStreams: number
  /** Channels that wait for `waitReceiveChannel`; more are refused. @default 256 */
  maxPendingChannels: number
  /** Streams of the other side that no message has claimed; more are refused. @default 4096 */
  maxUnclaimedReferences: number
  /** How long a stream waits for its message, or a reference for its stream. @default 30000 */
  unclaimedReferenceTtlMs: number
  /** What may wait to leave on a channel before `send` waits. @default 65536 */
  sendBufferBytes: number
  /** What may wait to be received on a channel before its sender is held back, besides one message. @default 65536 */
  receiveBufferBytes: number
}

export const SESSION_DEFAULTS: Readonly<SessionLimits> = Object.freeze({
  maxMessageBytes: 4 * 1024 * 1024,
  maxDepth: 64,
  maxReferences: 256,
  maxOpenStreams: 4096,
  maxPendingChannels: 256,
  maxUnclaimedReferences: 4096,
  unclaimedReferenceTtlMs: 30_000,
  sendBufferBytes: 64 * 1024,
  receiveBufferBytes: 64 * 1024
})

export interface SessionInit {
  limits?: Partial<SessionLimits> | undefined
  /** Of the channels opened here; those of the other side name their own. msgpack unless given. */
  codec?: Codec | undefined
  /** Codecs that the other side may use besides the three that ship. */
  codecs?: readonly Codec[] | undefined
  /** The machine's unless given. */
  clock?: Clock | undefined
}

/** How a session ended; without an error one of the two sides closed it. */
export interface SessionEnd {
  readonly by: 'us' | 'them' | 'loss'
  readonly error?: Error | undefined
}

export interface SessionStat {
  /** Streams open now, by whom they were opened. */
  readonly opened: number
  readonly accepted: number
  /** Streams of the other side that no message has claimed yet. */
  readonly unclaimed: number
  /** Channels that wait for `waitReceiveChannel`. */
  readonly pending: number
}

/** Channels and byte streams between two ends. Iterating gives the channels that the other side opens. */
export interface Session extends AsyncIterable<Receiver<unknown>, void>, AsyncDisposable {
  /** Of the transport: `memory`, `tcp`, `spdy`... */
  readonly transport: string
  /** A URL of the other side. */
  readonly remoteAddress: string
  readonly isInitiator: boolean

  /**
   * Opens a top-level channel. What is wrong with the connection shows with the first `send`.
   *
   * @throws CodedError SessionClosed, ConnectionLost, ResourceLimit
   */
  newSendChannel<T = unknown>(options?: ChannelOptions<T>): Sender<T>

  /**
   * The next top-level channel that the other side opens.
   *
   * @throws CodedError SessionClosed, ConnectionLost; the signal's reason
   */
  waitReceiveChannel<T = unknown>(options?: CallOptions & ChannelOptions<Wire<T>>): Promise<Receiver<Wire<T>>>

  /** Two ends of a byte stream: one to keep, one to send in a message. */
  createByteStream(): [local: ByteStream, remote: ByteStream]

  /** A channel whose sender is to be sent in a message. */
  createNestedReceiver<T = unknown>(): [local: Receiver<T>, remote: Sender<T>]

  /** A channel whose receiver is to be sent in a message. */
  createNestedSender<T = unknown>(): [local: Sender<T>, remote: Receiver<T>]

  stat(): SessionStat

  /**
   * Ends the session: what was sent leaves, the other side is told, and whatever is open ends with
   * SessionClosed, on both sides.
   *
   * @throws the signal's reason, after aborting
   */
  close(options?: CallOptions): Promise<void>

  /** Ends the session now. */
  abort(error?: Error): void

  readonly closed: Promise<SessionEnd>
  /** Aborts when the session ends. */
  readonly signal: AbortSignal
}
