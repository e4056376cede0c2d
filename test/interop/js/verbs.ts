import { createHash, randomBytes } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { pEvent } from 'p-event'
import { CONTENT_VERBS } from './content.ts'
import { ECHO, GIVE, PERF, RESET, SINK } from './handlers.ts'
import { bound, countAll, readAll, readUint64, uint64, write, writeZeros } from './streams.ts'
import type { Task, Verb } from './task.ts'
import type { Connection, Peer, Stream, StreamMuxer } from '@libp2p/interface'
import type { TransportManager } from '@libp2p/interface-internal'

function connectionTo ({ node, args }: Task): Connection {
  const [connection] = node.getConnections(peerIdFromString(args.peer))

  if (connection == null) {
    throw new Error('not connected')
  }

  return connection
}

function transportOf ({ remoteAddr }: Connection): string {
  const names = remoteAddr.getComponents().map(({ name }) => name)

  return ['p2p-circuit', 'quic-v1', 'ws', 'tcp'].find((name) => names.includes(name)) ?? names.join('/')
}

function factsOf (connection: Connection): unknown {
  const { remotePeer, encryption, multiplexer, limits } = connection

  return {
    peer: remotePeer.toString(),
    security: encryption ?? null,
    muxer: multiplexer ?? null,
    transport: transportOf(connection),
    early: null, // js-libp2p does not tell
    limited: limits != null,
    keyType: remotePeer.type
  }
}

async function open ({ node, args, signal }: Task, protocol: string): Promise<Stream> {
  const stream = await node.dialProtocol(peerIdFromString(args.peer), protocol, { signal, runOnLimitedConnection: true })

  return bound(stream, signal)
}

async function connect ({ node, args, signal }: Task): Promise<unknown> {
  return factsOf(await node.dial(multiaddr(args.addr), { signal }))
}

async function disconnect ({ node, args, signal }: Task): Promise<void> {
  await node.hangUp(peerIdFromString(args.peer), { signal })
}

async function ping ({ node, args, signal }: Task): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await node.services.ping.ping(peerIdFromString(args.peer), { signal })
  }
}

/** Writes and reads at the same time, and compares what comes back. */
async function echo (task: Task): Promise<unknown> {
  const stream = await open(task, ECHO)
  const sent = randomBytes(task.args.bytes)
  const [got] = await Promise.all([readAll(stream), write(stream, sent).then(async () => { await stream.close() })])

  if (!got.equals(sent)) {
    throw new Error(`sent ${sent.byteLength} bytes, got ${got.byteLength} others`)
  }

  return { sha256: createHash('sha256').update(got).digest('hex') }
}

async function sink (task: Task): Promise<unknown> {
  const stream = await open(task, SINK)
  const answer = readAll(stream)

  await Promise.all([answer, writeZeros(stream, task.args.bytes).then(async () => { await stream.close() })])

  return { count: readUint64(await answer) }
}

async function give (task: Task): Promise<unknown> {
  const stream = await open(task, GIVE)
  const text = (await readAll(stream)).toString()

  // the other side has ended; ours goes on
  await write(stream, Buffer.from('after your end'))
  await stream.close()

  return { text }
}

/** js-libp2p knows no codes of resets. */
async function reset (task: Task): Promise<unknown> {
  const stream = await open(task, RESET)
  const end = countAll(stream).catch((error: unknown) => error)

  await write(stream, Uint8Array.of(1))

  const last = await end

  if (stream.status !== 'reset') {
    stream.abort(new Error('was not reset'))
    throw new Error(`wanted a reset, got ${last instanceof Error ? String(last) : 'an end'}`)
  }

  return { code: null, remote: true }
}

async function perf (task: Task): Promise<unknown> {
  const { upload, download } = task.args
  const stream = await open(task, PERF)
  const count = countAll(stream)

  await Promise.all([count, write(stream, uint64(download)).then(async () => { await writeZeros(stream, upload) }).then(async () => { await stream.close() })])

  return { count: await count }
}

async function refused (task: Task): Promise<unknown> {
  const { args } = task
  let stream: Stream

  try {
    stream = await open(task, args.protocol)
  } catch (error) {
    return { error: String(error) }
  }

  stream.abort(new Error('was not refused'))
  throw new Error(`${args.protocol} was not refused`)
}

/** A line of multistream-select. */
function line (text: string): Buffer {
  return Buffer.concat([Uint8Array.of(text.length + 1), Buffer.from(`${text}\n`)])
}

/** js-libp2p waits for the answer before it writes, so this is negotiated by hand. */
async function lazy (task: Task): Promise<unknown> {
  const { muxer } = connectionTo(task) as unknown as { muxer: StreamMuxer }
  const stream = bound(await muxer.createStream(), task.signal)
  const asked = Buffer.concat([line('/multistream/1.0.0'), line(task.args.protocol)])
  const answer = readAll(stream).catch((error: unknown) => String(error))

  await write(stream, Buffer.concat([asked, Buffer.from('lazily')]))
  await stream.close()

  const got = await answer

  return typeof got !== 'string' && got.subarray(0, asked.byteLength).equals(asked)
    ? { text: got.subarray(asked.byteLength).toString() }
    : { error: got.toString() }
}

/** Tells what identify has found out, as soon as it names the protocol that is asked for. */
async function identify ({ node, args, signal }: Task): Promise<unknown> {
  const id = peerIdFromString(args.peer)

  while (true) {
    const update = pEvent(node, 'peer:update', { signal })

    // of the last one nobody waits for the end
    update.catch(() => {})

    const known = await node.peerStore.has(id, { signal }) ? factsOfPeer(await node.peerStore.get(id, { signal })) : undefined

    // a protocol of which there was a stream is in the store too, before identify has said anything
    if (known != null && known.agent !== '' && known.protocols.includes(args.protocol)) {
      return known
    }

    await update
  }
}

interface PeerFacts {
  readonly protocols: string[]
  readonly agent: string
  readonly version: string
  readonly addrs: string[]
}

function factsOfPeer ({ protocols, metadata, addresses }: Peer): PeerFacts {
  return {
    protocols,
    agent: text(metadata.get('AgentVersion')),
    version: text(metadata.get('ProtocolVersion')),
    addrs: addresses.map((address) => address.multiaddr.toString())
  }
}

function text (bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString()
}

/** Changes what identify says, which is pushed to all connected peers. */
async function addProtocol ({ node, args }: Task): Promise<void> {
  await node.handle(args.protocol, async (stream) => { await stream.close() })
}

/** Listens through a relay. */
async function reserve ({ node, args }: Task): Promise<unknown> {
  const { components: { transportManager } } = node as unknown as { components: { transportManager: TransportManager } }

  await transportManager.listen([multiaddr(args.addr).encapsulate('/p2p-circuit')])

  return { addrs: node.getMultiaddrs().map(String).filter((address) => address.includes('/p2p-circuit/')) }
}

export const VERBS: Readonly<Record<string, Verb>> = {
  connect,
  connection: (task) => factsOf(connectionTo(task)),
  disconnect,
  ping,
  echo,
  sink,
  give,
  reset,
  perf,
  refused,
  lazy,
  identify,
  'add-protocol': addProtocol,
  reserve,
  ...CONTENT_VERBS
}
