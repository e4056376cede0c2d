import { systemClock } from '../../../src/base/index.ts'
import { FLAG, FRAME_TYPE } from '../../../src/channel/providers/spdy/constants.ts'
import { Decoder } from '../../../src/channel/providers/spdy/decoder.ts'
import { dataHeader, moreHeaders, rstStream, settings, synReply, synStream } from '../../../src/channel/providers/spdy/frame.ts'
import { decodeHeaders, encodeHeaders } from '../../../src/channel/providers/spdy/header-block.ts'
import { HeaderPacker } from '../../../src/channel/providers/spdy/header-packer.ts'
import { HeaderUnpacker } from '../../../src/channel/providers/spdy/header-unpacker.ts'
import { createSpdyProvider } from '../../../src/channel/providers/spdy/index.ts'
import { eventually } from '../../support/settle.ts'
import { ProviderEnd } from './mux-pair.ts'
import { linkPair } from './mux-pipe.ts'
import { LinkRecorder } from './mux-recorder.ts'
import type { LinkPairOptions, PipeLink } from './mux-pipe.ts'
import type { Clock } from '../../../src/base/index.ts'
import type { ByteLink, ProviderStream, StreamHeaders } from '../../../src/channel/contract/index.ts'

export type SpdyOptions = LinkPairOptions & { clock?: Clock, maxOpenStreams?: number, sendBufferBytes?: number, keepAliveIntervalMs?: number, isStarted?: boolean }

export function spdyOver (link: ByteLink, isInitiator: boolean, options: SpdyOptions = {}): ProviderEnd {
  const { clock = systemClock, maxOpenStreams = 4096, sendBufferBytes = 65_536, keepAliveIntervalMs = 0 } = options

  return new ProviderEnd(createSpdyProvider(link, {
    name: 'spdy',
    remoteAddress: isInitiator ? 'spdy://far' : 'spdy://near',
    isInitiator,
    limits: { maxOpenStreams, sendBufferBytes },
    clock,
    keepAliveIntervalMs,
    keepAliveTimeoutMs: 45_000
  }), options)
}

/** A recorder whose link is a stream. */
export class StreamRecorder extends LinkRecorder {
  override readonly link: ProviderStream

  constructor (link: ProviderStream, options?: { isPaused?: boolean }) {
    super(link, options)
    this.link = link
  }
}

export interface SpdyPair extends Disposable {
  near: ProviderEnd
  far: ProviderEnd
  links: [near: PipeLink, far: PipeLink]
  /** Opens a stream from `near`, with both of its ends. */
  open (options?: { isPaused?: boolean, headers?: StreamHeaders }): Promise<[near: StreamRecorder, far: StreamRecorder]>
}

/** Both providers over two ends of one pipe. */
export function spdyPair (options: SpdyOptions = {}): SpdyPair {
  const links = linkPair(options)
  const near = spdyOver(links[0], true, options)
  const far = spdyOver(links[1], false, options)

  return {
    near,
    far,
    links,
    open: async ({ isPaused = false, headers = { 'libchan-ref': '1' } } = {}) => {
      const before = far.streams.length
      const ours = new StreamRecorder(near.provider.open(headers), { isPaused })

      await eventually(() => far.streams.length > before, 'the stream to appear')

      return [ours, new StreamRecorder(far.streams[before] as ProviderStream, { isPaused })]
    },
    [Symbol.dispose] () {
      near.provider.abort(new Error('the test is over'))
      far.provider.abort(new Error('the test is over'))
    }
  }
}

const NAMES = new Map<number, string>(Object.entries(FRAME_TYPE).map(([name, type]) => [type, name]))

/** The other side, which says what it is told to, and writes down what it hears. */
export class SpdyStranger {
  /** Frames, as `synStream 1 libchan-ref=1`, `data 1 5 fin`, `rstStream 1 65539`. */
  readonly heard: string[] = []
  readonly bytes = new Map<number, number>()
  readonly #link: PipeLink
  readonly #packer = new HeaderPacker()
  readonly #unpacker = new HeaderUnpacker()
  #frameBytes = 0
  #gathered: Uint8Array[] | undefined

  constructor (link: PipeLink) {
    const decoder = new Decoder({
      onControl: (type, flags, payload) => { this.heard.push(this.#describe(type, flags, payload)) },
      onData: (streamId, { byteLength }) => {
        this.#frameBytes += byteLength
        this.bytes.set(streamId, (this.bytes.get(streamId) ?? 0) + byteLength)
      },
      onDataEnd: (streamId, flags) => {
        this.heard.push(`data ${streamId} ${this.#frameBytes}${(flags & FLAG.fin) === 0 ? '' : ' fin'}`)
        this.#frameBytes = 0
      }
    })

    this.#link = link
    link.attach({ onData: (bytes) => { decoder.write(bytes) }, onEnd: () => { this.heard.push('end') }, onRoom: () => {}, onClose: () => { this.heard.push('close') } })
    link.resume()
  }

  send (...frames: Uint8Array[]): void {
    for (const frame of frames) {
      this.#gathered?.push(frame)

      if (this.#gathered == null) {
        this.#link.write(frame)
      }
    }
  }

  /** What is sent within arrives in one piece. */
  sendInOne (send: () => void): void {
    this.#gathered = []
    send()

    const bytes = Buffer.concat(this.#gathered)

    this.#gathered = undefined
    this.#link.write(bytes)
  }

  /** As a peer does that knows windows. */
  sendSettings (window = 262_144): void {
    this.send(settings(7, window))
  }

  sendSynStream (streamId: number, headers: StreamHeaders = { 'libchan-ref': '2' }, flags = 0): void {
    this.#sendWithFlags(synStream(streamId, this.#pack(headers)), flags)
  }

  sendReply (streamId: number, headers: StreamHeaders = { ':status': '200' }, flags = 0): void {
    this.#sendWithFlags(synReply(streamId, this.#pack(headers)), flags)
  }

  sendHeaders (streamId: number, headers: StreamHeaders): void {
    this.send(moreHeaders(streamId, this.#pack(headers)))
  }

  sendData (streamId: number, data: string | Uint8Array, flags = 0): void {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data

    this.send(dataHeader(streamId, flags, bytes.byteLength), bytes)
  }

  sendReset (streamId: number, status: number): void {
    this.send(rstStream(streamId, status))
  }

  /** The connection ends. */
  end (): void {
    this.#link.end()
  }

  /** Resolves when a frame was heard that begins so. */
  async hears (start: string): Promise<void> {
    await eventually(() => this.heard.some((frame) => frame.startsWith(start)), `${start} after ${this.heard.join('; ')}`)
  }

  #sendWithFlags (frame: Uint8Array, flags: number): void {
    frame[4] = flags
    this.send(frame)
  }

  #pack (headers: StreamHeaders): Uint8Array {
    return this.#packer.pack(encodeHeaders(headers))
  }

  #describe (type: number, flags: number, payload: Uint8Array): string {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
    const name = NAMES.get(type) ?? String(type)
    const offset = new Map<number, number>([[FRAME_TYPE.synStream, 10], [FRAME_TYPE.synReply, 4], [FRAME_TYPE.headers, 4]]).get(type)

    if (offset != null) {
      const headers = decodeHeaders(this.#unpacker.unpack(payload.subarray(offset)))

      return [name, view.getUint32(0), ...Object.entries(headers).map(([key, value]) => `${key}=${value}`)].join(' ') + (flags === 0 ? '' : ` flags ${flags}`)
    }

    const numbers = Array.from({ length: payload.byteLength / 4 }, (_, index) => view.getUint32(index * 4))

    return [name, ...numbers].join(' ')
  }
}

export interface StrangerScene extends Disposable {
  end: ProviderEnd
  stranger: SpdyStranger
  /** Of the provider. */
  link: PipeLink
}

/** One provider, which is the initiator unless said otherwise, and a stranger. */
export function strangerScene ({ isInitiator = true, ...options }: SpdyOptions & { isInitiator?: boolean } = {}): StrangerScene {
  const [link, farLink] = linkPair(options)
  const stranger = new SpdyStranger(farLink)
  const end = spdyOver(link, isInitiator, options)

  return {
    end,
    stranger,
    link,
    [Symbol.dispose] () {
      end.provider.abort(new Error('the test is over'))
      farLink.reset({ code: 0, message: '' })
    }
  }
}

/** A stream that the stranger opened. */
export async function accepted ({ end, stranger }: StrangerScene, { streamId = 2, flags = 0, isPaused = false } = {}): Promise<StreamRecorder> {
  stranger.sendSynStream(streamId, { 'libchan-ref': '2' }, flags)
  await stranger.hears(`synReply ${streamId}`)

  return new StreamRecorder(end.streams.at(-1) as ProviderStream, { isPaused })
}

/** A stream that the stranger has accepted. */
export async function opened ({ end, stranger }: StrangerScene, streamId = 1): Promise<StreamRecorder> {
  const recorder = new StreamRecorder(end.provider.open({ 'libchan-ref': '2' }))

  await stranger.hears(`synStream ${streamId}`)
  stranger.sendReply(streamId)

  return recorder
}
