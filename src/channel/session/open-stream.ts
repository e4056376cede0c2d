import type { Codec, ProviderStream } from '../contract/index.ts'

/** What a session wants of the port on one of its channels. */
export interface StreamPort {
  /** Whether messages came that were not received. */
  readonly hasUnread: boolean
  /** Whether its messages are of no use any more: it has ended for whom it belongs to. */
  readonly hasEnded: boolean
  /** The session is about to close: what was taken leaves, and nothing more is taken. */
  sessionCloses(error: Error): void
  /** The session is over: nothing else comes of what is open. */
  sessionEnds(error: Error): void
}

/** One of a session's streams, as long as it is open. */
export interface OpenStream {
  /** spec-channel 2.3 */
  readonly ref: number
  readonly isOurs: boolean
  readonly link: ProviderStream
  /** Of its messages, if it is a channel. */
  readonly codec: Codec
  /** The channel whose message refers to it; 0 for a top-level channel. */
  readonly parent: number
  /** Our stream that goes on behind it; spec-channel 9.3. */
  readonly continues: number | undefined
  port: StreamPort | undefined
  /** Since when nothing on it is unread; kept up to date while streams wait to be claimed by its messages. */
  idleSince: number
}

/** What the ports ask of their session. */
export interface PortHost {
  /** Whether the other side gives channels back; spec-channel 9.1. */
  readonly takesBack: boolean
  /** Also opens the streams that the message refers to. @throws as `Sender.send` */
  encode(value: unknown, stream: OpenStream): Uint8Array
  /** @throws as `Receiver.receive` */
  decode(bytes: Uint8Array, stream: OpenStream): unknown
  /** All that came was received. */
  drained(stream: OpenStream): void
  /** Nothing more of it will be received. */
  ended(stream: OpenStream): void
  /** Both directions of the stream have ended. */
  gone(stream: OpenStream): void
}
