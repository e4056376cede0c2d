/*
 * How does our yamux compare with @libp2p/yamux? Both ends in this process, over memory, TCP, and TCP
 * with Noise; the two take turns within every round, and medians are compared.
 *
 *     node benchmarks/yamux.ts [rounds]
 */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { noise } from '@libp2p/noise'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { yamux as npmYamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { pEvent } from 'p-event'
import { yamux } from '../src/yamux/index.ts'
import { link } from '../test/support/yamux-link.ts'
import type { MessageStream, MultiaddrConnection, Stream, StreamMuxer, StreamMuxerFactory, Upgrader } from '@libp2p/interface'

const BULK_BYTES = 256 * 1024 * 1024
const BULK_WRITE = new Uint8Array(64 * 1024)
const MESSAGES = 200_000
const MESSAGE = new Uint8Array(100)
const SEQUENTIAL_STREAMS = 2000
const PARALLEL_STREAMS = 4096
const PARALLELISM = 64
const ROUND_TRIPS = 5000

interface Muxers {
  dialer: StreamMuxer
  listener: StreamMuxer
  close(): Promise<void>
}

type Connect = () => Promise<{ pair: [MessageStream, MessageStream], close(): Promise<void> }>
type Task = (muxers: Muxers) => Promise<number>

const rounds = Number(process.argv[2] ?? 5)

async function send (stream: Stream, data: Uint8Array): Promise<void> {
  if (!stream.send(data)) {
    await pEvent(stream, 'drain', { rejectionEvents: ['close'] })
  }
}

function onStream (muxer: StreamMuxer, handle: (stream: Stream) => void): () => void {
  const listener = (event: CustomEvent<Stream>): void => { handle(event.detail) }

  muxer.addEventListener('stream', listener)

  return () => { muxer.removeEventListener('stream', listener) }
}

async function seconds (fn: () => Promise<void>): Promise<number> {
  const start = performance.now()

  await fn()

  return (performance.now() - start) / 1000
}

async function oneWay ({ dialer, listener }: Muxers, data: Uint8Array, count: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let received = 0
  const off = onStream(listener, (stream) => {
    stream.addEventListener('message', ({ data: { byteLength } }) => {
      received += byteLength

      if (received === data.byteLength * count) {
        resolve()
      }
    })
  })
  const stream = await dialer.createStream()
  const took = await seconds(async () => {
    for (let i = 0; i < count; i++) {
      await send(stream, data)
    }

    await promise
  })

  off()
  stream.abort(new Error('done'))

  return took
}

async function echoOnce (muxer: StreamMuxer): Promise<void> {
  const stream = await muxer.createStream()
  const answer = pEvent(stream, 'message')
  const closed = pEvent(stream, 'close')

  stream.send(MESSAGE)
  await answer
  await stream.close()
  await closed
}

function serveEcho (muxer: StreamMuxer): () => void {
  return onStream(muxer, (stream) => {
    stream.addEventListener('message', ({ data }) => { stream.send(data) })
    stream.addEventListener('remoteCloseWrite', () => { stream.close().catch(() => {}) })
  })
}

const TASKS: Record<string, { unit: string, run: Task }> = {
  'bulk, 64 KiB writes': {
    unit: 'MiB/s',
    run: async (muxers) => BULK_BYTES / 2 ** 20 / await oneWay(muxers, BULK_WRITE, BULK_BYTES / BULK_WRITE.byteLength)
  },
  '100 B messages': {
    unit: 'k/s',
    run: async (muxers) => MESSAGES / 1000 / await oneWay(muxers, MESSAGE, MESSAGES)
  },
  'round trips, 100 B': {
    unit: 'k/s',
    run: async ({ dialer, listener }) => {
      const off = serveEcho(listener)
      const stream = await dialer.createStream()
      const took = await seconds(async () => {
        for (let i = 0; i < ROUND_TRIPS; i++) {
          const answer = pEvent(stream, 'message')

          stream.send(MESSAGE)
          await answer
        }
      })

      off()
      stream.abort(new Error('done'))

      return ROUND_TRIPS / 1000 / took
    }
  },
  'open, echo, close; 1': {
    unit: 'k/s',
    run: async ({ dialer, listener }) => {
      const off = serveEcho(listener)
      const took = await seconds(async () => {
        for (let i = 0; i < SEQUENTIAL_STREAMS; i++) {
          await echoOnce(dialer)
        }
      })

      off()

      return SEQUENTIAL_STREAMS / 1000 / took
    }
  },
  'open, echo, close; 64': {
    unit: 'k/s',
    run: async ({ dialer, listener }) => {
      const off = serveEcho(listener)
      const took = await seconds(async () => {
        let left = PARALLEL_STREAMS

        await Promise.all(Array.from({ length: PARALLELISM }, async () => {
          while (left-- > 0) {
            await echoOnce(dialer)
          }
        }))
      })

      off()

      return PARALLEL_STREAMS / 1000 / took
    }
  }
}

async function overMemory (): ReturnType<Connect> {
  const pair = link({ highWaterBytes: 256 * 1024 })

  for (const end of pair) {
    end.isRecording = false
  }

  return { pair, close: async () => { await pair[0].close() } }
}

async function overTcp (): ReturnType<Connect> {
  const transport = tcp()({ logger: defaultLogger() })
  const accepted = Promise.withResolvers<MultiaddrConnection>()
  const upgrader = {
    upgradeInbound: async (maConn: MultiaddrConnection) => { accepted.resolve(maConn) },
    upgradeOutbound: async (maConn: MultiaddrConnection) => maConn
  } as unknown as Upgrader
  const listener = transport.createListener({ upgrader })

  await listener.listen(multiaddr('/ip4/127.0.0.1/tcp/0'))

  const [address] = listener.getAddrs()

  if (address == null) {
    throw new Error('the listener has no address')
  }

  const dialled = await transport.dial(address, { upgrader, signal: new AbortController().signal }) as unknown as MultiaddrConnection

  return {
    pair: [dialled, await accepted.promise],
    close: async () => {
      dialled.abort(new Error('done'))
      await listener.close()
    }
  }
}

async function overNoise (): ReturnType<Connect> {
  const { pair: [outbound, inbound], close } = await overTcp()
  const encrypters = await Promise.all([0, 1].map(async () => {
    const privateKey = await generateKeyPair('Ed25519')
    const upgrader = { getStreamMuxers: () => new Map() } as unknown as Upgrader

    return noise()({ privateKey, peerId: peerIdFromPrivateKey(privateKey), logger: defaultLogger(), upgrader })
  }))
  const [secured, accepted] = await Promise.all([encrypters[0]?.secureOutbound(outbound), encrypters[1]?.secureInbound(inbound)])

  if (secured == null || accepted == null) {
    throw new Error('no encrypter')
  }

  return { pair: [secured.connection, accepted.connection], close }
}

async function measure (factory: StreamMuxerFactory, connect: Connect, run: Task): Promise<number> {
  const { pair: [outbound, inbound], close } = await connect()
  const muxers: Muxers = { dialer: factory.createStreamMuxer(outbound), listener: factory.createStreamMuxer(inbound), close }

  try {
    return await run(muxers)
  } finally {
    muxers.dialer.abort(new Error('done'))
    muxers.listener.abort(new Error('done'))
    await close()
  }
}

function median (values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

function figure (value: number): string {
  return value.toFixed(value < 100 ? 1 : 0).padStart(9)
}

const CONNECTIONS: Record<string, Connect> = { memory: overMemory, tcp: overTcp, 'tcp+noise': overNoise }
const OURS = yamux()()
const NPM = npmYamux({ enableKeepAlive: false })()

async function compare (name: string, unit: string, connect: Connect, run: Task): Promise<void> {
  const ours: number[] = []
  const npm: number[] = []

  for (let round = 0; round <= rounds; round++) {
    ours.push(await measure(OURS, connect, run))
    npm.push(await measure(NPM, connect, run))
  }

  // the first round warms up
  const [a, b] = [median(ours.slice(1)), median(npm.slice(1))]

  process.stdout.write(`${`${name} (${unit})`.padEnd(44)}${figure(a)}${figure(b)}${(a / b).toFixed(2).padStart(9)}\n`)
}

process.stdout.write(`node ${process.version}, ${rounds} rounds, medians\n${'task'.padEnd(44)}${'ours'.padStart(9)}${'npm'.padStart(9)}${'ratio'.padStart(9)}\n`)

for (const [connection, connect] of Object.entries(CONNECTIONS)) {
  for (const [task, { unit, run }] of Object.entries(TASKS)) {
    await compare(`${connection}: ${task}`, unit, connect, run)
  }
}
