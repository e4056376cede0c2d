import type { CallOptions } from './channel.ts'
import type { ByteLink } from './link.ts'
import type { ChannelReason } from './reason.ts'

/** Lower-case names; spec-channel 3. */
export type StreamHeaders = Readonly<Record<string, string>>

export const HEADER = {
  /** The number of the stream, decimal. */
  ref: 'libchan-ref',
  /** That of the channel whose message carries it; absent or 0 for a top-level channel. */
  parent: 'libchan-parent-ref',
  /** Of the messages of a channel; `msgpack` when absent. */
  codec: 'libchan-codec',
  /** The number of the opener's channel which goes on behind this one; spec-channel 9. */
  continues: 'libchan-continues',
  /** Of this specification; on SPDY the sign of a peer that knows more than Go libchan. */
  version: 'libchan-version'
} as const

/** One stream of a session: a channel or a byte stream. */
export interface ProviderStream extends ByteLink {
  readonly headers: StreamHeaders
  /**
   * Ends both directions behind what was written, with a reason. Only where the framing is `values`, as records
   * have a word for it.
   */
  endWith?(reason: ChannelReason): void
}

export interface ProviderEvents {
  /** The other side opened a stream. Throwing refuses it. */
  onStream(stream: ProviderStream): void
  /** Once and last. Without an error, one of the two sides closed gracefully. */
  onClose(error?: Error): void
}

/**
 * Opens and accepts streams between two ends: what a session needs, and all it needs. A transport of your
 * own implements this, and passes `channelCompliance` of `swarmd/testing`.
 */
export interface StreamProvider {
  /** For messages and statistics: `memory`, `tcp`, `spdy`... */
  readonly name: string
  /** Where the other side is, as a URL; for messages and logs. */
  readonly remoteAddress: string
  /** Whether this side began the connection; its references are odd. The two sides differ. */
  readonly isInitiator: boolean
  /**
   * How messages lie on a channel's stream: `records` (spec-channel 4), or `values`, as Go libchan has them
   * (spec-channel 11).
   */
  readonly framing: 'records' | 'values'
  /** Of the other side's specification: 1, or 0 for Go libchan; undefined while nothing was heard from it. */
  readonly peerVersion: number | undefined

  /** Streams and the end are told from now on. */
  start(events: ProviderEvents): void

  /**
   * A new stream, to be written to at once; what goes wrong with opening it ends it with an error.
   *
   * @throws CodedError ResourceLimit when `maxOpenStreams` of ours are open and as many wait; SessionClosed
   */
  open(headers: StreamHeaders): ProviderStream

  /**
   * Ends gracefully: what was written leaves, the other side is told. Streams that have not ended get
   * SessionClosed. Resolves when nothing is left of it.
   *
   * @throws the signal's reason, after aborting
   */
  close(options?: CallOptions): Promise<void>

  /** Ends now. Streams that have not ended get `error`. */
  abort(error: Error): void
}
