import type { FrameReader } from './frame-reader.ts'
import type { ByteLink, ChannelReason, Codec, ProviderStream } from '../contract/index.ts'

/**
 * How messages and early ends lie on a channel's stream: as records, or as bare values. Ports do not know which.
 */
export interface Framing {
  /** Whether the end of a receiver's direction, ahead of the sender's, says that it gives the channel back. */
  readonly endGivesBack: boolean

  /** What comes from the sender of a channel. */
  createMessageReader(codec: Codec): FrameReader

  /** What comes from the receiver of a channel. */
  createCancelReader(): FrameReader

  /** As `ByteLink.write`. */
  writeMessages(link: ByteLink, messages: readonly Uint8Array[]): boolean

  /** The sender gives up, behind what it wrote. */
  abort(link: ProviderStream, reason: ChannelReason): void

  /** The receiver gives the channel back to where it came from, and still gets what is under way; spec-channel 9.3. */
  giveBack(link: ProviderStream): void

  /** The receiver gives up. */
  cancel(link: ProviderStream, reason: ChannelReason): void
}
