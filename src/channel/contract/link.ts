import type { ChannelReason } from './reason.ts'

/** What a link tells whoever is attached to it. */
export interface LinkEvents {
  /** Bytes came. They may be kept, and must not be changed. Never called while paused. */
  onData(bytes: Uint8Array): void
  /** The other side ended its direction; no data follows. Never called while paused. */
  onEnd(): void
  /** There is room again, after `write` returned false. */
  onRoom(): void
  /**
   * Called once and last: both directions have ended, with an error unless both ended gracefully. What had
   * arrived before is delivered first, so it waits for `resume` where a pause holds bytes back, and for
   * nothing where there are none. After our own `reset` nothing more is delivered.
   */
  onClose(error?: Error): void
}

/**
 * Two-way bytes between two ends, pushed: the seam beneath byte streams, channels and multiplexers alike.
 * A socket is one, and so is a stream of a multiplexer.
 *
 * A link starts paused, and delivers nothing before `attach` and `resume`.
 *
 * An ending by the other side's `reset` is a ChannelError StreamReset with its reason; a lost connection is
 * ConnectionLost; the end of the session SessionClosed.
 */
export interface ByteLink {
  /** Who is told from now on; attaching again hands the link over. */
  attach(events: LinkEvents): void
  pause(): void
  resume(): void
  /**
   * Takes bytes in any case, unless the direction has ended; then they go nowhere. False when the next should
   * wait for `onRoom`. The bytes must not be changed afterwards.
   */
  write(bytes: Uint8Array): boolean
  /** Ends our direction behind what was written. Twice does nothing. */
  end(): void
  /** Ends both directions now; what was not sent is dropped. `onClose` comes with StreamAborted. Does nothing when it has ended. */
  reset(reason: ChannelReason): void
}
