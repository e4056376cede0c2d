import { systemClock } from '../../../src/base/index.ts'
import { createMuxProvider } from '../../../src/channel/providers/mux/index.ts'
import { eventually } from '../../support/settle.ts'
import { linkPair } from './mux-pipe.ts'
import { LinkRecorder } from './mux-recorder.ts'
import type { LinkPairOptions, PipeLink } from './mux-pipe.ts'
import type { Clock } from '../../../src/base/index.ts'
import type { ByteLink, ProviderEvents, ProviderStream, StreamProvider } from '../../../src/channel/contract/index.ts'
import type { MuxProviderInit } from '../../../src/channel/providers/mux/index.ts'

/** A provider, and what it tells. */
export class ProviderEnd implements ProviderEvents {
  readonly provider: StreamProvider
  readonly streams: ProviderStream[] = []
  /** How it closed, each time it was told. */
  readonly closes: Array<Error | undefined> = []
  /** Called with each stream; throwing refuses it. */
  take: ((stream: ProviderStream) => void) | undefined

  constructor (provider: StreamProvider, { isStarted = true }: { isStarted?: boolean } = {}) {
    this.provider = provider

    if (isStarted) {
      provider.start(this)
    }
  }

  onStream (stream: ProviderStream): void {
    this.take?.(stream)
    this.streams.push(stream)
  }

  onClose (error?: Error): void {
    this.closes.push(error)
  }

  get isClosed (): boolean {
    return this.closes.length > 0
  }
}

export type MuxOptions = LinkPairOptions & { clock?: Clock, maxOpenStreams?: number, keepAliveIntervalMs?: number, isStarted?: boolean }

export function muxInit (isInitiator: boolean, { clock = systemClock, maxOpenStreams = 4096, keepAliveIntervalMs = 0 }: MuxOptions = {}): MuxProviderInit {
  return {
    name: 'test',
    remoteAddress: isInitiator ? 'test:far' : 'test:near',
    isInitiator,
    limits: { maxOpenStreams },
    clock,
    handshakeTimeoutMs: 10_000,
    keepAliveIntervalMs,
    keepAliveTimeoutMs: 45_000
  }
}

export interface MuxPair extends Disposable {
  near: ProviderEnd
  far: ProviderEnd
  links: [near: PipeLink, far: PipeLink]
  /** Opens a stream from `near`, with both of its ends; its headers are `ref`. */
  open (options?: { isPaused?: boolean }): Promise<[near: LinkRecorder, far: LinkRecorder]>
}

/** Both providers over two ends of one pipe. */
export async function muxOver (near: ByteLink, far: ByteLink, options: MuxOptions = {}): Promise<[near: ProviderEnd, far: ProviderEnd]> {
  const providers = await Promise.all([createMuxProvider(near, muxInit(true, options)), createMuxProvider(far, muxInit(false, options))])

  return [new ProviderEnd(providers[0], options), new ProviderEnd(providers[1], options)]
}

export async function muxPair (options: MuxOptions = {}): Promise<MuxPair> {
  const links = linkPair(options)
  const [near, far] = await muxOver(...links, options)

  return {
    near,
    far,
    links,
    open: async ({ isPaused = false } = {}) => openBetween(near, far, { isPaused }),
    [Symbol.dispose] () {
      near.provider.abort(new Error('the test is over'))
      far.provider.abort(new Error('the test is over'))
    }
  }
}

/** A new stream, with both of its ends. */
export async function openBetween (near: ProviderEnd, far: ProviderEnd, { isPaused = false }: { isPaused?: boolean } = {}): Promise<[near: LinkRecorder, far: LinkRecorder]> {
  const before = far.streams.length
  const ours = new LinkRecorder(near.provider.open({ 'libchan-ref': String(before * 2 + 1) }), { isPaused })

  await eventually(() => far.streams.length > before, 'the stream to appear')

  return [ours, new LinkRecorder(far.streams[before] as ProviderStream, { isPaused })]
}
