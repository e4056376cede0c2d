import { readHandshake, readTransport } from './decode/noise.ts'
import { Reader } from './decode/reader.ts'
import { readToken, readTokens } from './decode/select.ts'
import { FLAG, has, HEADER_BYTES, readFrame, TYPE } from './decode/yamux.ts'
import { TimedBytes } from './timed-bytes.ts'
import type { Handshake, Secrets } from './decode/noise.ts'
import type { Frame } from './decode/yamux.ts'
import type { Chunk, Role } from './recording-proxy.ts'

type Both<T> = Readonly<Record<Role, T>>

export const ROLES: readonly Role[] = ['dialer', 'listener']

/** A frame of yamux, who sent it, and when its header was there. */
export interface SentFrame extends Frame {
  readonly from: Role
  readonly at: number
}

/** A stream of yamux. */
export interface StreamView {
  readonly id: number
  readonly opener: Role
  readonly frames: readonly SentFrame[]
  /** What the opener proposed in multistream-select, and what it was answered, each with the header. */
  readonly proposals: readonly string[]
  readonly answers: readonly string[]
  /** What came after the negotiation, from the opener and from the other. */
  readonly sent: Buffer
  readonly answered: Buffer
}

/** One recorded connection, taken apart layer by layer. A getter throws if its layer is not as specified. */
export class Session {
  readonly #raw: Both<TimedBytes> = { dialer: new TimedBytes(), listener: new TimedBytes() }
  readonly #readers: Both<Reader>
  readonly #secrets: Secrets
  /** What each side said to agree on a secure channel. */
  readonly tokens: Both<string[]>
  /** The same, as the bytes that it took. */
  readonly tokenBytes: Both<Buffer>
  /** The three messages of the Noise handshake, without their lengths. */
  readonly handshakeMessages: readonly [Buffer, Buffer, Buffer]
  #plain: Both<TimedBytes> | undefined
  #handshake: Handshake | undefined
  /** Of the transport messages, once `plain` was read. */
  readonly messageSizes: Both<number[]> = { dialer: [], listener: [] }

  constructor (chunks: readonly Chunk[], secrets: Secrets) {
    chunks.forEach(({ from, bytes }, index) => { this.#raw[from].append(bytes, index) })
    this.#secrets = secrets
    this.#readers = { dialer: new Reader(this.#raw.dialer.bytes), listener: new Reader(this.#raw.listener.bytes) }

    const { dialer, listener } = this.#readers

    this.tokens = { dialer: readTokens(dialer, 2), listener: readTokens(listener, 2) }
    this.tokenBytes = {
      dialer: this.#raw.dialer.bytes.subarray(0, dialer.offset),
      listener: this.#raw.listener.bytes.subarray(0, listener.offset)
    }
    this.handshakeMessages = [readMessage(dialer), readMessage(listener), readMessage(dialer)]
  }

  get handshake (): Handshake {
    this.#handshake ??= readHandshake(this.handshakeMessages, this.#secrets)

    return this.#handshake
  }

  /** What the transport messages of Noise carry, in each direction. */
  get plain (): Both<TimedBytes> {
    this.#plain ??= { dialer: this.#decrypt('dialer'), listener: this.#decrypt('listener') }

    return this.#plain
  }

  #decrypt (role: Role): TimedBytes {
    const reader = this.#readers[role]
    const key = role === 'dialer' ? this.handshake.keys.initiator : this.handshake.keys.responder
    const plain = new TimedBytes()

    for (let counter = 0; reader.left > 0; counter++) {
      const message = readMessage(reader)

      this.messageSizes[role].push(message.length)
      plain.append(readTransport(key, counter, message), this.#raw[role].when(reader.offset))
    }

    return plain
  }

  /** All frames of both sides, in the order in which they passed. */
  get frames (): SentFrame[] {
    return ROLES.flatMap((role) => framesOf(role, this.plain[role])).sort((a, b) => a.at - b.at)
  }

  get streams (): StreamView[] {
    const frames = this.frames.filter(({ stream }) => stream !== 0)

    return [...Map.groupBy(frames, ({ stream }) => stream)].map(([id, own]) => streamView(id, own))
  }

  /** The streams that this side opened for this protocol. */
  streamsFor (opener: Role, protocol: string): StreamView[] {
    return this.streams.filter((stream) => stream.opener === opener && stream.proposals.includes(protocol))
  }
}

/** A message of Noise behind its length (libp2p/specs noise, "Wire Format"). */
function readMessage (reader: Reader): Buffer {
  return reader.take(reader.uint16())
}

function framesOf (from: Role, plain: TimedBytes): SentFrame[] {
  const reader = new Reader(plain.bytes)
  const frames: SentFrame[] = []

  while (reader.left > 0) {
    const headerEnd = reader.offset + HEADER_BYTES

    frames.push({ ...readFrame(reader), from, at: plain.when(headerEnd) })
  }

  return frames
}

function streamView (id: number, frames: SentFrame[]): StreamView {
  const opener = frames.find((frame) => has(frame, FLAG.syn))?.from

  if (opener == null) {
    throw new Error(`nobody opened stream ${id}`)
  }

  const [asked, told] = [true, false].map((isOpener) => {
    const data = frames.filter(({ type, from }) => type === TYPE.data && (from === opener) === isOpener)

    return new Reader(Buffer.concat(data.map(({ data }) => data)))
  }) as [Reader, Reader]

  const [proposals, answers] = negotiate(asked, told)

  return { id, opener, frames, proposals, answers, sent: asked.rest(), answered: told.rest() }
}

/** Reads both sides of a negotiation, up to its end or to that of the stream. */
function negotiate (asked: Reader, told: Reader): [string[], string[]] {
  const [proposals, answers]: [string[], string[]] = [[], []]

  while (asked.left > 0 && (answers.length < 2 || answers.at(-1) === 'na')) {
    proposals.push(readToken(asked))

    if (told.left > 0) {
      answers.push(readToken(told))
    }
  }

  return [proposals, answers]
}
