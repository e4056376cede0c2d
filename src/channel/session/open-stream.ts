import type { Framing } from './framing.ts'
import type { Codec, ProviderStream, SessionLimits } from '../contract/index.ts'

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

/** Where a stream belongs. */
export interface Place {
  /** spec-channel 2.3 */
  readonly ref: number
  /** The channel whose message refers to it; 0 for a top-level channel. */
  readonly parent: number
  /** Our stream that goes on behind it; spec-channel 9.3. */
  readonly continues: number | undefined
}

/**
 * One of a session's streams, as long as it is open.
 *
 * A class, as V8 comes to make literals in its old generation where those that it saw first lived long; there they would keep the
 * whole stream until it collects everything.
 */
export class OpenStream implements Place {
  readonly ref: number
  readonly parent: number
  readonly continues: number | undefined
  readonly isOurs: boolean
  readonly link: ProviderStream
  /** Of its messages, if it is a channel. */
  readonly codec: Codec
  port: StreamPort | undefined
  /** Since when nothing on it is unread; kept up to date while streams wait to be claimed by its messages. */
  idleSince: number

  constructor ({ ref, parent, continues }: Place, isOurs: boolean, link: ProviderStream, codec: Codec, now: number) {
    this.ref = ref
    this.parent = parent
    this.continues = continues
    this.isOurs = isOurs
    this.link = link
    this.codec = codec
    this.port = undefined
    this.idleSince = now
  }
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

/** What all ports of a session have in common. */
export interface PortHome {
  readonly host: PortHost
  readonly framing: Framing
  readonly limits: SessionLimits
}
