import type { Clock, Random } from '../../base/index.ts'
import type { ConnectionUpgrader, ProtocolEntry, SwarmConnection } from '../connection/index.ts'
import type { CallOptions } from '../contract/stream.ts'
import type { ProtocolRegistry } from '../stream/index.ts'
import type { ComponentLogger, ConnectionEncrypter, ConnectionGater, ConnectionProtector, IsDialableOptions, Libp2pEvents, Listener, Metrics, NodeInfo, PeerId, PeerStore, PendingDial, PrivateKey, StreamMuxerFactory, Transport, TypedEventTarget } from '@libp2p/interface'
import type { DNS } from '@multiformats/dns'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Datastore } from 'interface-datastore'

export interface PluginDialOptions extends CallOptions {
  /** Makes a new connection although there is an open one. @default false */
  fresh?: boolean
  /** False makes this side answer the negotiations of the upgrade, as hole punching wants. @default true */
  initiator?: boolean
}

/** What the swarm tells the plugins room. No method throws or takes long. */
export interface PluginObserver {
  /** The connection is indexed; neither has `dial` resolved nor was a stream of it served. */
  connected(connection: SwarmConnection): void
  /** The connection is no longer indexed. Once, and only after `connected`. */
  disconnected(connection: SwarmConnection): void
  /** The listener listens, or its addresses have changed. */
  listening(listener: Listener): void
  listenerClosed(listener: Listener): void
  /** The registry has gained or lost a protocol. */
  protocolsChanged(): void
}

/** What the plugins room needs of the swarm. */
export interface PluginHost {
  readonly peerId: PeerId
  readonly privateKey: PrivateKey
  readonly nodeInfo: NodeInfo
  readonly peerStore: PeerStore
  readonly datastore: Datastore
  readonly logger: ComponentLogger
  readonly metrics: Metrics | undefined
  readonly connectionGater: ConnectionGater
  readonly connectionProtector: ConnectionProtector | undefined
  readonly dns: DNS | undefined
  readonly clock: Clock
  readonly random: Random
  /** Where js-libp2p's events are told; the peer store tells `peer:update` and `self:peer:update` on it. */
  readonly events: TypedEventTarget<Libp2pEvents>
  readonly registry: ProtocolRegistry<ProtocolEntry>
  readonly upgrader: ConnectionUpgrader
  readonly encrypters: ReadonlyMap<string, ConnectionEncrypter>
  readonly muxers: ReadonlyMap<string, StreamMuxerFactory>
  /** For the part of an inbound upgrade that a transport does by itself. */
  readonly inboundUpgradeTimeoutMs: number

  /** Open connections, or those of one peer, the one to use first. */
  connections(peer?: PeerId): SwarmConnection[]
  /** An open connection to the target if there is one, or a new one; as the swarm's own `dial`. */
  dial(target: PeerId | Multiaddr | Multiaddr[], options: PluginDialOptions): Promise<SwarmConnection>
  closePeer(peer: PeerId, options: CallOptions): Promise<void>
  isDialable(addresses: Multiaddr[], options: IsDialableOptions): Promise<boolean>
  pendingDials(): PendingDial[]
  maxConnections(): number
  setMaxConnections(max: number): void

  transports(): Transport[]
  addTransport(transport: Transport): void
  /** No more dials and listeners of this transport; those that there are go on. */
  removeTransport(transport: Transport): Promise<void>
  transportForDialing(address: Multiaddr): Transport | undefined
  transportForListening(address: Multiaddr): Transport | undefined
  listeners(): Listener[]
  /** Rejects when none of the addresses can be listened on. */
  listen(addresses: Multiaddr[]): Promise<void>
  /** As asked for by the configuration, before they were bound. */
  configuredListenAddresses(): Multiaddr[]
  /** Told to others in place of the addresses that we listen on; empty for those. */
  announceAddresses(): Multiaddr[]

  observe(observer: PluginObserver): void
  /** Something went wrong where nobody waits for an answer. */
  reportError(during: string, error: Error): void
  /** Closes the swarm, services included. */
  close(): Promise<void>
}
