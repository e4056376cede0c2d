import { createHash, randomBytes } from 'node:crypto'
import { parsePeerId } from '../../../src/index.ts'
import { asLibp2p } from '../../../src/swarm/index.ts'
import { CONTENT_VERBS } from '../js/content.ts'
import { nextEventOf } from './events.ts'
import { countAll, readUint64, uint64, writeZeros } from './our-handlers.ts'
import { PROTOCOLS } from './peer.ts'
import type { OurPeer } from './our-peer.ts'
import type { ConnectionFacts, IdentifyFacts, Verbs } from './peer.ts'
import type { Connection, Stream } from '../../../src/index.ts'
import type { Peer as StoredPeer } from '@libp2p/interface'

/** No verb takes longer; a test waits twice as long. */
const LIMIT_MS = 30_000

/** More than any test sends. */
const MAX_BYTES = 64 * 1024 * 1024

type Does<V extends keyof Verbs> = (our: OurPeer, args: Verbs[V]['args']) => Promise<Verbs[V]['value']>

const TRANSPORTS = ['p2p-circuit', 'quic-v1', 'ws', 'tcp']

function factsOf ({ remotePeer, remoteAddr, encryption, multiplexer, direct }: Connection): ConnectionFacts {
  const names = remoteAddr.getComponents().map(({ name }) => name)

  return {
    peer: remotePeer.toString(),
    security: encryption ?? '',
    muxer: multiplexer,
    transport: TRANSPORTS.find((name) => names.includes(name)) ?? names.join('/'),
    early: null,
    limited: !direct,
    keyType: remotePeer.type
  }
}

function connectionTo ({ swarm }: OurPeer, peer: string): Connection {
  const [connection] = swarm.connections(peer)

  if (connection == null) {
    throw new Error(`not connected to ${peer}`)
  }

  return connection
}

async function open ({ swarm }: OurPeer, peer: string, protocol: string): Promise<Stream> {
  return swarm.newStream(peer, protocol, { limited: 'allow', noDial: true })
}

const echo: Does<'echo'> = async (our, { peer, bytes }) => {
  const stream = await open(our, peer, PROTOCOLS.echo)
  const sent = randomBytes(bytes)
  const [got] = await Promise.all([stream.bytes({ maxBytes: MAX_BYTES }), stream.end(sent)])

  if (!sent.equals(got)) {
    throw new Error(`sent ${sent.byteLength} bytes, got ${got.byteLength} others`)
  }

  return { sha256: createHash('sha256').update(got).digest('hex') }
}

const sink: Does<'sink'> = async (our, { peer, bytes }) => {
  const stream = await open(our, peer, PROTOCOLS.sink)

  await writeZeros(stream, bytes)
  await stream.end()

  return { count: readUint64(await stream.bytes()) }
}

const give: Does<'give'> = async (our, { peer }) => {
  const stream = await open(our, peer, PROTOCOLS.give)
  const text = await stream.text()

  // the other side has ended; ours goes on
  await stream.end('after your end')

  return { text }
}

const reset: Does<'reset'> = async (our, { peer }) => {
  const stream = await open(our, peer, PROTOCOLS.reset)

  await stream.write(Uint8Array.of(1))

  const error = await stream.bytes().then(() => undefined, (thrown: unknown) => thrown as { code: string })

  if (error?.code !== 'StreamReset') {
    throw new Error(`wanted a reset, got ${error?.code ?? 'an end'}`)
  }

  return { remote: true }
}

const perf: Does<'perf'> = async (our, { peer, upload, download }) => {
  const stream = await open(our, peer, PROTOCOLS.perf)

  await stream.write(uint64(download))
  await writeZeros(stream, upload)
  await stream.end()

  return { count: await countAll(stream) }
}

const refused: Does<'refused'> = async ({ swarm }, { peer, protocol }) => {
  const error = await swarm.newStream(peer, protocol, { negotiate: 'full', noDial: true }).then(() => undefined, (thrown: unknown) => thrown as { code: string })

  if (error?.code !== 'UnsupportedProtocol') {
    throw new Error(`wanted ${protocol} to be refused, got ${error?.code ?? 'a stream'}`)
  }

  return { error: error.code }
}

/** The end comes later: a js-libp2p node resets a stream of which the protocol, bytes and the end come at once. */
const lazy: Does<'lazy'> = async ({ swarm }, { peer, protocol }) => {
  const stream = await swarm.newStream(peer, protocol, { negotiate: 'lazy', noDial: true })

  try {
    await stream.write('lazily')

    const first = Buffer.from(await stream.read() ?? [])

    await stream.end()

    return { text: Buffer.concat([first, await stream.bytes()]).toString() }
  } catch (error) {
    return { error: (error as { code: string }).code }
  }
}

/** As soon as identify has told of the protocol: one of which there was a stream is known before it has said anything. */
const identify: Does<'identify'> = async ({ swarm }, { peer, protocol }) => {
  const id = parsePeerId(peer)
  const known = async (): Promise<IdentifyFacts | undefined> => {
    const facts = await swarm.peerStore.has(id) ? storedFacts(await swarm.peerStore.get(id)) : undefined

    return facts != null && facts.agent !== '' && facts.protocols.includes(protocol) ? facts : undefined
  }

  return nextEventOf(asLibp2p(swarm), 'peer:update', known, LIMIT_MS)
}

function storedFacts ({ protocols, metadata, addresses }: StoredPeer): IdentifyFacts {
  const text = (name: string): string => Buffer.from(metadata.get(name) ?? []).toString()

  return {
    protocols,
    agent: text('AgentVersion'),
    version: text('ProtocolVersion'),
    addrs: addresses.map(({ multiaddr }) => multiaddr.toString())
  }
}

/** Plugins know our swarm as they know js-libp2p. */
function content (verb: string) {
  return async ({ swarm }: OurPeer, args: object): Promise<never> => {
    return await CONTENT_VERBS[verb]?.({ node: asLibp2p(swarm), args: args as never, signal: AbortSignal.timeout(LIMIT_MS) }) as never
  }
}

export const OUR_VERBS: { readonly [V in keyof Verbs]: Does<V> } = {
  connect: async ({ swarm }, { addr }) => factsOf(await swarm.dial(addr)),
  connection: async (our, { peer }) => factsOf(connectionTo(our, peer)),
  disconnect: async ({ swarm }, { peer }) => {
    await swarm.closePeer(peer)

    return null
  },
  // of itself it waits for ever when the peer resets its stream
  ping: async ({ swarm }, { peer }) => {
    for (let round = 0; round < 3; round++) {
      await swarm.services.ping.ping(parsePeerId(peer), { signal: AbortSignal.timeout(LIMIT_MS) })
    }

    return null
  },
  echo,
  sink,
  give,
  reset,
  perf,
  refused,
  lazy,
  identify,
  'add-protocol': async ({ swarm }, { protocol }) => {
    swarm.handle(protocol, async (stream) => stream.close())

    return null
  },
  reserve: async ({ swarm }, { addr }) => swarm.listen(`${addr}/p2p-circuit`),
  provide: content('provide'),
  find: content('find'),
  join: content('join'),
  publish: content('publish'),
  next: content('next')
}
