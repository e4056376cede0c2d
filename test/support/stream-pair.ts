import { multiaddrConnectionPair } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'
import { systemClock } from '../../src/base/index.ts'
import { StreamPort, SwarmStream } from '../../src/swarm/stream/index.ts'
import { eventually, turns } from './settle.ts'
import type { Clock } from '../../src/base/index.ts'
import type { Connection } from '../../src/swarm/contract/index.ts'
import type { ReadBudget, StreamPortInit } from '../../src/swarm/stream/index.ts'
import type { MessageStream, MultiaddrConnection, Stream as RawStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'

export interface MuxerPair extends Disposable {
  dialer: StreamMuxer
  listener: StreamMuxer
  sockets: [MultiaddrConnection, MultiaddrConnection]
  /** Opens a raw stream and gives both of its ends; `onInbound` sees the far end in the tick of its birth. */
  open (onInbound?: (raw: RawStream) => void): Promise<[RawStream, RawStream]>
}

/** Two muxers over a connection in memory; those of npm's yamux unless told otherwise. */
export function muxerPair (factory: StreamMuxerFactory = yamux()()): MuxerPair {
  const sockets = multiaddrConnectionPair()
  const dialer = factory.createStreamMuxer(sockets[0])
  const listener = factory.createStreamMuxer(sockets[1])

  return {
    dialer,
    listener,
    sockets,
    async open (onInbound = () => {}) {
      const { promise, resolve } = Promise.withResolvers<RawStream>()

      listener.addEventListener('stream', ({ detail }) => {
        onInbound(detail)
        resolve(detail)
      }, { once: true })

      return [await dialer.createStream(), await promise]
    },
    [Symbol.dispose] () {
      dialer.abort(new Error('the test is over'))
      listener.abort(new Error('the test is over'))
      sockets.forEach((socket) => { socket.abort(new Error('the test is over')) })
    }
  }
}

export interface StreamPairInit {
  clock?: Clock
  budget?: ReadBudget
  port?: Partial<StreamPortInit>
  idleTimeoutMs?: number
  factory?: StreamMuxerFactory
}

export interface StreamPair extends Disposable {
  near: SwarmStream
  far: SwarmStream
  muxers: MuxerPair
}

/** Two ends of one stream of ours, without negotiation. */
export async function streamPair (init: StreamPairInit = {}): Promise<StreamPair> {
  const muxers = muxerPair(init.factory)
  let farPort: StreamPort | undefined
  const [nearRaw] = await muxers.open((raw) => { farPort = port(raw, init) })

  if (farPort == null) {
    throw new Error('the far end did not appear')
  }

  return {
    near: wrap(port(nearRaw, init), 'outbound', init),
    far: wrap(farPort, 'inbound', init),
    muxers,
    [Symbol.dispose] () { muxers[Symbol.dispose]() }
  }
}

export function port (raw: MessageStream, { budget, port: overrides }: StreamPairInit = {}): StreamPort {
  return new StreamPort(raw, { highWaterBytes: 256 * 1024, lowWaterBytes: 64 * 1024, budget, ...overrides })
}

export function wrap (streamPort: StreamPort, direction: 'inbound' | 'outbound', { clock = systemClock, idleTimeoutMs = 0 }: StreamPairInit): SwarmStream {
  return new SwarmStream(streamPort, {
    id: direction,
    direction,
    connection: {} as Connection, // no test of a stream alone looks at it
    clock,
    closeTimeoutMs: 5_000,
    lingerTimeoutMs: 10_000,
    idleTimeoutMs
  })
}

const STALL_BYTES = 64 * 1024

/** More than an answer that is on its way takes to arrive. */
const STALL_TURNS = 200

/** Writes until the peer, which reads nothing, grants no more. Resolves with the number of bytes. */
export async function stall (stream: SwarmStream): Promise<number> {
  const { port: { raw }, port: mine } = stream
  const before = mine.bytesWritten

  for (;;) {
    while (mine.hasRoom) {
      await stream.write(new Uint8Array(STALL_BYTES))
    }

    // a connection that is busy for a moment has room again soon; one without credit has unsent bytes
    await eventually(() => mine.hasRoom || raw.writeBufferLength > 0)
    await turns(STALL_TURNS)

    if (!mine.hasRoom) {
      return mine.bytesWritten - before
    }
  }
}

/** What a promise was rejected with; fails when it was not. */
export async function failure (promise: Promise<unknown>): Promise<unknown> {
  return promise.then((value) => { throw new Error(`wanted a failure, received ${String(value)}`) }, (error: unknown) => error)
}
