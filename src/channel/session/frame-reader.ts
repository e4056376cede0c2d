import type { ChannelReason } from '../contract/index.ts'

/** Finds what lies on a channel's stream in the bytes of it. Pure: bytes in, messages out. */
export interface FrameReader {
  /** Bytes that came and were not taken. */
  readonly buffered: number

  push(bytes: Uint8Array): void

  /** Whether `next` has an answer: a message, an end, or an error. */
  hasNext(): boolean

  /** Whether what comes next is an end. */
  hasEnd(): boolean

  /**
   * The next message, or the reason for which the other side ended the channel; undefined while it is not
   * there as a whole.
   *
   * @throws CodedError ProtocolViolation, and what a message over a limit or an unreadable one is refused with
   */
  next(): Uint8Array | ChannelReason | undefined

  /** Throws away what is there. */
  clear(): void
}
