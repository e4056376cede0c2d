import { defaultLogger } from '@libp2p/logger'
import { noise } from '@libp2p/noise'
import { tls } from '@libp2p/tls'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { yamux as npmYamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { systemClock } from '../../src/base/index.ts'
import { generateIdentity } from '../../src/identity/index.ts'
import { ConnectionUpgrader } from '../../src/swarm/connection/index.ts'
import { ConnectionLimits, ipOf, MemoryBudget, StreamLimits } from '../../src/swarm/limits/index.ts'
import { CONNECTION_DEFAULTS, LIMIT_DEFAULTS, resolveOptions } from '../../src/swarm/options.ts'
import { ProtocolRegistry } from '../../src/swarm/stream/index.ts'
import { yamux } from '../../src/yamux/index.ts'
import { eventually } from './settle.ts'
import type { Clock } from '../../src/base/index.ts'
import type { Identity } from '../../src/identity/index.ts'
import type { ConnectionComponents, ProtocolEntry, SwarmConnection } from '../../src/swarm/connection/index.ts'
import type { CloseReason, Stream } from '../../src/swarm/contract/index.ts'
import type { ConnectionOptionsInit, LimitOptionsInit } from '../../src/swarm/options.ts'
import type { SwarmStream } from '../../src/swarm/stream/index.ts'
import type { ConnectionEncrypter, ConnectionGater, ConnectionProtector, Metrics, MultiaddrConnection, StreamMuxerFactory } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** How much of a swarm an upgrader and its connections need, and what they told it. */
export interface Peer extends Disposable {
  identity: Identity
  upgrader: ConnectionUpgrader
  registry: ProtocolRegistry<ProtocolEntry>
  connectionLimits: ConnectionLimits
  streamLimits: StreamLimits
  budget: MemoryBudget
  /** Admitted, in order. */
  connections: SwarmConnection[]
  /** What was told of connections and streams, in order, by protocol or reason. */
  told: string[]
  errors: Array<{ during: string, error: Error }>
  reasons: CloseReason[]
  /** What was counted of streams. */
  counted: { read: number, written: number }
  knownProtocols: Set<string>
  /** Serves a protocol. */
  handle (protocol: string, serve: (stream: SwarmStream) => void | Promise<void>, options?: Partial<ProtocolEntry>): void
}

export interface PeerInit {
  identity?: Identity
  clock?: Clock
  settings?: ConnectionOptionsInit
  limits?: LimitOptionsInit
  encrypters?: Array<'noise' | 'tls'> | ConnectionEncrypter[]
  muxers?: StreamMuxerFactory[]
  protector?: ConnectionProtector
  gater?: ConnectionGater
  metrics?: Metrics
  /** Instead of taking the connection and serving it at once. */
  admit? (connection: SwarmConnection): Promise<void>
  rawStreamHandler? (stream: SwarmStream): void | Promise<void>
}

const logger = defaultLogger()

/** Ours, and that of npm, which has faults that ours has not. */
export const MUXERS: Array<[name: string, factory: StreamMuxerFactory]> = [
  ['our yamux', yamux()()],
  ['the yamux of npm', npmYamux({ enableKeepAlive: false })()]
]

/** One of the two ends of connections to be. */
export async function peer (init: PeerInit = {}): Promise<Peer> {
  const identity = init.identity ?? await generateIdentity()
  const limits = resolveOptions('limits', LIMIT_DEFAULTS, init.limits)
  const muxers = new Map((init.muxers ?? [yamux()()]).map((muxer) => [muxer.protocol, muxer]))
  const self: Omit<Peer, 'upgrader' | 'handle'> = {
    identity,
    registry: new ProtocolRegistry(),
    connectionLimits: new ConnectionLimits(limits),
    streamLimits: new StreamLimits(limits),
    budget: new MemoryBudget(limits.maxBufferedBytes),
    connections: [],
    told: [],
    errors: [],
    reasons: [],
    counted: { read: 0, written: 0 },
    knownProtocols: new Set(),
    [Symbol.dispose] () { self.connections.forEach((connection) => { connection.abort() }) }
  }
  const host = ({ remoteAddr }: MultiaddrConnection): { ip: string | undefined } => ({ ip: ipOf(remoteAddr) })

  return Object.assign(self, {
    upgrader: new ConnectionUpgrader({
      connections: components(self, init, limits.maxInboundStreamsPerProtocol),
      encrypters: new Map(encrypters(identity, muxers, init.encrypters).map((encrypter) => [encrypter.protocol, encrypter])),
      muxers,
      protector: init.protector,
      gater: init.gater ?? {},
      gate: {
        admitInbound: (maConn) => self.connectionLimits.admitInbound(host(maConn)),
        admitOutbound: () => self.connectionLimits.admitOutbound(),
        admitPeer: (id) => self.connectionLimits.admitPeer(id.toString()),
        upgradePlace: (maConn, signal) => self.connectionLimits.pendingInbound(host(maConn), signal)
      },
      async admit (connection) {
        self.connections.push(connection)
        await init.admit?.(connection)

        if (init.admit == null) {
          connection.startServing()
        }
      }
    }),
    handle (protocol: string, serve: ProtocolEntry['serve'], options: Partial<ProtocolEntry> = {}) {
      self.registry.add(protocol, { serve, maxInboundStreams: undefined, maxOutboundStreams: Infinity, limited: false, ...options })
    }
  })
}

function components (self: Omit<Peer, 'upgrader' | 'handle'>, init: PeerInit, maxInboundStreamsPerProtocol: number): ConnectionComponents {
  return {
    localPeer: self.identity.peerId,
    clock: init.clock ?? systemClock,
    settings: resolveOptions('connection', CONNECTION_DEFAULTS, init.settings),
    registry: self.registry,
    budget: self.budget,
    metrics: init.metrics,
    log: logger.forComponent('test:connection'),
    maxInboundStreamsPerProtocol,
    streamGate: () => self.streamLimits.forConnection(),
    rawStreamHandler: () => init.rawStreamHandler as never,
    knowsProtocol: (_peer, protocol) => self.knownProtocols.has(protocol),
    learnProtocol: (_peer, protocol) => { self.knownProtocols.add(protocol) },
    forgetProtocol: (_peer, protocol) => { self.knownProtocols.delete(protocol) },
    countBytes: (_connection, _stream, direction, bytes) => { self.counted[direction] += bytes },
    streamOpened: ({ direction, protocol }) => { self.told.push(`opened ${direction} ${protocol}`) },
    streamClosed: ({ direction, protocol }) => { self.told.push(`closed ${direction} ${protocol}`) },
    connectionClosed: (_connection, reason) => {
      self.told.push(`connection ${reason.code}`)
      self.reasons.push(reason)
    },
    reportError: (during, error) => { self.errors.push({ during, error }) }
  }
}

function encrypters ({ privateKey, peerId }: Identity, muxers: Map<string, StreamMuxerFactory>, wanted: PeerInit['encrypters'] = ['noise']): ConnectionEncrypter[] {
  const parts = { privateKey, peerId, logger, upgrader: { getStreamMuxers: () => muxers } } as never

  return wanted.map((encrypter) => {
    if (typeof encrypter !== 'string') {
      return encrypter
    }

    return encrypter === 'noise' ? noise()(parts) : tls()(parts)
  })
}

export type Sockets = [outbound: MultiaddrConnection, inbound: MultiaddrConnection]

/** Two ends of a connection in memory, as a transport makes them; the far one has the address that was dialled. */
export function sockets (to?: Peer, address = '/ip4/192.0.2.1/tcp/4001'): Sockets {
  const remoteAddr: Multiaddr = multiaddr(to == null ? address : `${address}/p2p/${to.identity.peerId}`)

  return multiaddrConnectionPair({ outbound: { remoteAddr }, inbound: { remoteAddr: multiaddr('/ip4/192.0.2.2/tcp/50000') } })
}

export const never = new AbortController().signal

/** Both upgrades of one connection, as they end. */
export async function tryConnect (near: Peer, far: Peer, pair: Sockets = sockets(far)): Promise<[PromiseSettledResult<SwarmConnection>, PromiseSettledResult<SwarmConnection>]> {
  return Promise.allSettled([
    near.upgrader.upgradeOutbound(pair[0], { signal: never }),
    far.upgrader.upgradeInbound(pair[1], { signal: never })
  ])
}

/** Two ends of one connection. */
export async function connect (near: Peer, far: Peer, pair: Sockets = sockets(far)): Promise<[near: SwarmConnection, far: SwarmConnection]> {
  return Promise.all([
    near.upgrader.upgradeOutbound(pair[0], { signal: never }),
    far.upgrader.upgradeInbound(pair[1], { signal: never })
  ])
}

export interface ConnectedPair extends Disposable {
  near: Peer
  far: Peer
  /** As `near`, who dialled, sees it. */
  outbound: SwarmConnection
  /** As `far` sees it. */
  inbound: SwarmConnection
  sockets: Sockets
}

/** Two peers and a connection in memory, with real encryption and multiplexing. */
export async function connectedPair (near: PeerInit = {}, far: PeerInit = {}): Promise<ConnectedPair> {
  const [dialer, listener] = [await peer(near), await peer(far)]
  const pair = sockets(listener)
  const [outbound, inbound] = await connect(dialer, listener, pair)

  return {
    near: dialer,
    far: listener,
    outbound,
    inbound,
    sockets: pair,
    [Symbol.dispose] () {
      dialer[Symbol.dispose]()
      listener[Symbol.dispose]()
    }
  }
}

/** Streams that nobody answers, from both sides. */
export async function openHeld (pair: ConnectedPair, count: number): Promise<Array<[near: Stream, far: Stream]>> {
  const inbound: Stream[] = []

  pair.far.registry.remove('/held')
  pair.far.handle('/held', (stream) => { inbound.push(stream) })

  const outbound = await Promise.all(Array.from({ length: count }, async () => pair.outbound.newStream('/held', { negotiate: 'full' })))

  await eventually(() => inbound.length === count)

  return outbound.map((stream, i) => [stream, inbound[i] as Stream])
}
