import { once } from 'node:events'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { asLibp2p, createSwarm } from '../../../src/swarm/index.ts'
import { startGo } from './go-peer.ts'
import { keepingKeys } from './kept-keys.ts'
import { RecordingProxy } from './recording-proxy.ts'
import { Session } from './session.ts'
import type { KeyPair } from './decode/noise.ts'
import type { Role } from './recording-proxy.ts'
import type { Swarm } from '../../../src/swarm/index.ts'
import type { RemotePeer } from '../libp2p/remote-peer.ts'

export const IDENTIFY = '/ipfs/id/1.0.0'
export const PING = '/ipfs/ping/1.0.0'
export const ECHO = '/echo/1.0.0'
export const NOBODYS = '/nobody/1.0.0'
/** More than twice the first window of a stream. */
export const ECHOED_BYTES = 600_000

/** go-libp2p pings until its context ends, so several of its streams live at once. */
const MAX_PINGS = 8

export interface Node {
  readonly peerId: string
  /** On which it listens. */
  readonly addresses: readonly string[]
}

/** A connection between our node and one of go-libp2p, which both have used. */
export interface Recording {
  readonly session: Session
  /** Which part each has in it. */
  readonly ours: Role
  readonly theirs: Role
  readonly nodes: Readonly<Record<Role, Node>>
  /** The address at which each sees the other. */
  readonly seen: Readonly<Record<Role, string>>
  /** Our Noise keys. */
  readonly keys: { staticKey: KeyPair, ephemeralKey: KeyPair }
}

/** Connects the two, has both use all that the tests look at, and has us close the connection. */
export async function record (ours: Role): Promise<Recording> {
  const kept: KeyPair[] = []
  await using go = await startGo()
  await using swarm = await createSwarm({
    listen: ['/ip4/127.0.0.1/tcp/0'],
    connectionEncrypters: [noise({ crypto: keepingKeys((pair) => { kept.push(pair) }) })],
    services: { identify: identify(), ping: ping({ maxInboundStreams: MAX_PINGS }) }
  })
  const us: Node = { peerId: String(swarm.peerId), addresses: swarm.listenAddresses().map(String) }
  const them: Node = { peerId: go.peer, addresses: go.addrs.map((address) => address.replace(/\/p2p\/.*/, '')) }
  const [target, dialled] = ours === 'dialer' ? [them, go.peer] : [us, us.peerId]
  await using proxy = await RecordingProxy.start(portOf(target))
  const address = `/ip4/127.0.0.1/tcp/${proxy.port}`

  swarm.handle(ECHO, async (stream) => { await stream.pipeTo(stream) })
  await (ours === 'dialer' ? weDial(swarm, go, `${address}/p2p/${dialled}`) : theyDial(swarm, go, `${address}/p2p/${dialled}`))
  await use(swarm, go)
  await swarm.closePeer(go.peer) // go-libp2p would break the connection off
  await proxy.ended

  const [staticKey, ephemeralKey] = kept

  if (staticKey == null || ephemeralKey == null || kept.length > 2) {
    throw new Error(`wanted one static and one ephemeral key of Noise, there are ${kept.length}`)
  }

  return {
    session: new Session(proxy.chunks, { isInitiator: ours === 'dialer', staticKey, ephemeralKey }),
    ours,
    theirs: ours === 'dialer' ? 'listener' : 'dialer',
    nodes: ours === 'dialer' ? { dialer: us, listener: them } : { dialer: them, listener: us },
    seen: { dialer: address, listener: `/ip4/127.0.0.1/tcp/${proxy.outgoingPort}` },
    keys: { staticKey, ephemeralKey }
  }
}

function portOf ({ addresses: [address = ''] }: Node): number {
  return Number(/\/tcp\/(\d+)/.exec(address)?.[1])
}

async function weDial (swarm: Swarm, go: RemotePeer, address: string): Promise<void> {
  const identified = once(asLibp2p(swarm) as never, 'peer:identify')

  await swarm.dial(address)
  await Promise.all([identified, go.do('identify', { peer: String(swarm.peerId), protocol: ECHO })])
}

async function theyDial (swarm: Swarm, go: RemotePeer, address: string): Promise<void> {
  const identified = once(asLibp2p(swarm) as never, 'peer:identify')

  await go.do('connect', { addr: address })
  await Promise.all([identified, go.do('identify', { peer: String(swarm.peerId), protocol: ECHO })])
}

/** Pings, echoes and refusals, each both ways. */
async function use (swarm: Swarm, go: RemotePeer): Promise<void> {
  const peer = String(swarm.peerId)
  const payload = Buffer.alloc(ECHOED_BYTES, 'payload')

  await using pinging = await swarm.newStream(go.peer, PING)
  await pinging.write(Buffer.alloc(32, 'ping'))
  await pinging.read()
  await go.do('ping', { peer })

  await using echoing = await swarm.newStream(go.peer, ECHO)
  await Promise.all([echoing.end(payload), echoing.bytes()])
  await go.do('echo', { peer, bytes: ECHOED_BYTES })

  await swarm.newStream(go.peer, NOBODYS, { negotiate: 'full' }).then(() => { throw new Error(`${NOBODYS} is spoken`) }, () => {})
  await go.do('refused', { peer, protocol: NOBODYS })
}
