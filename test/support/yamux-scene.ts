import { yamux } from '../../src/yamux/index.ts'
import { FakeClock, settle } from './fake-clock.ts'
import { LinkEnd } from './yamux-link.ts'
import type { YamuxInit, YamuxMuxer, YamuxStream } from '../../src/yamux/index.ts'

const TYPES = ['data', 'window', 'ping', 'goAway']
const FLAGS = [[1, 'SYN'], [2, 'ACK'], [4, 'FIN'], [8, 'RST']] as const
const HEADER_BYTES = 12

export interface SceneInit extends YamuxInit {
  /** Whether the muxer is that of who dialled, and has the odd stream IDs. @default false */
  dials?: boolean
  /** Whether nobody listens for streams. @default false */
  takesNoStreams?: boolean
}

/**
 * A muxer, and a peer that is played by the test, frame by frame. Frames are written as text:
 * `data 2 SYN 5`, which is type, stream ID, flags and length.
 */
export class Scene {
  readonly clock = new FakeClock()
  readonly link: LinkEnd
  readonly muxer: YamuxMuxer
  /** Inbound streams, in their order. */
  readonly streams: YamuxStream[] = []
  #seen = 0

  constructor ({ dials = false, takesNoStreams = false, ...init }: SceneInit = {}) {
    this.link = new LinkEnd(dials ? 'outbound' : 'inbound')
    this.muxer = yamux({ clock: this.clock, ...init })().createStreamMuxer(this.link)

    if (!takesNoStreams) {
      this.muxer.addEventListener('stream', ({ detail }) => { this.streams.push(detail) })
    }
  }

  /** The peer sends frames, in one piece. */
  feed (...frames: Array<string | Uint8Array>): void {
    this.link.receive(Buffer.concat(frames.map((frame) => typeof frame === 'string' ? encode(frame) : frame)))
  }

  /** What the muxer sent since the last call, but for the pings by which it measures. */
  async sent (): Promise<string[]> {
    await settle()

    return this.takeSent().filter((frame) => !frame.startsWith('ping 0 SYN'))
  }

  /** As `sent`, pings included, and without waiting. */
  takeSent (): string[] {
    const bytes = Buffer.concat(this.link.sent.slice(this.#seen))

    this.#seen = this.link.sent.length

    return decode(bytes).map(({ text }) => text)
  }

  /** Opens a stream of ours, and forgets the frame that announces it. */
  async open (): Promise<YamuxStream> {
    const stream = await this.muxer.createStream()

    await this.sent()

    return stream
  }

  /** The peer opens a stream, and what acknowledges it is forgotten. */
  async accept (id: number): Promise<YamuxStream> {
    this.feed(`window ${id} SYN 0`)
    await this.sent()

    const stream = this.streams.at(-1)

    if (stream == null) {
      throw new Error('nobody takes streams')
    }

    return stream
  }
}

/** The bytes of a frame; the payload of a data frame counts up from 0, unless it is given. */
export function encode (text: string, payload?: Uint8Array): Uint8Array {
  const [type = '', id, flags = '', length] = text.split(' ')
  const size = payload?.byteLength ?? Number(length)
  const isData = type === 'data'
  const bytes = new Uint8Array(HEADER_BYTES + (isData ? size : 0))
  const view = new DataView(bytes.buffer)

  view.setUint8(1, TYPES.indexOf(type))
  view.setUint16(2, FLAGS.reduce((sum, [bit, name]) => flags.includes(name) ? sum | bit : sum, 0))
  view.setUint32(4, Number(id))
  view.setUint32(8, size)

  if (isData) {
    bytes.set(payload ?? Uint8Array.from({ length: size }, (_, index) => index), HEADER_BYTES)
  }

  return bytes
}

export interface DecodedFrame {
  text: string
  payload: Uint8Array
}

/** Frames as text; what is left of an unfinished one is told as such. */
export function decode (bytes: Uint8Array): DecodedFrame[] {
  const frames: DecodedFrame[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let offset = 0

  while (offset + HEADER_BYTES <= bytes.byteLength) {
    const type = view.getUint8(offset + 1)
    const flags = namesOf(view.getUint16(offset + 2))
    const length = view.getUint32(offset + 8)
    const end = offset + HEADER_BYTES + (type === 0 ? length : 0)

    frames.push({
      text: `${TYPES[type] ?? type} ${view.getUint32(offset + 4)} ${flags} ${length}`,
      payload: bytes.subarray(offset + HEADER_BYTES, end)
    })
    offset = end
  }

  if (offset !== bytes.byteLength) {
    throw new Error(`the last frame is cut: ${bytes.byteLength - offset} bytes are left`)
  }

  return frames
}

function namesOf (flags: number): string {
  return FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name).join('+') || '-'
}

/** Events of a stream, in their order, as text. */
export function record (stream: YamuxStream): string[] {
  const events: string[] = []

  stream.addEventListener('message', ({ data }) => { events.push(`message ${data.byteLength}`) })

  for (const type of ['drain', 'idle', 'remoteCloseWrite', 'end'] as const) {
    stream.addEventListener(type, () => { events.push(type) })
  }

  stream.addEventListener('close', ({ error, local }) => {
    events.push(error == null ? 'close' : `close ${error.name} ${local === true ? 'local' : 'remote'}`)
  })

  return events
}
