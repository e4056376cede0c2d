import { CodedError, isCoded, toError } from '../base/index.ts'
import { PeerBook } from '../peerstore/index.ts'
import { withPeer } from './address/index.ts'
import { Announcer } from './announcer.ts'
import { Bandwidth } from './bandwidth.ts'
import { closeError, ConnectionSet, ConnectionUpgrader } from './connection/index.ts'
import { Dialer } from './dialer.ts'
import { DirectWait } from './direct-wait.ts'
import { Duplicates } from './duplicates.ts'
import { ConnectionLimits, ipOf, MemoryBudget, PeerProtection, StreamLimits, Trimmer } from './limits/index.ts'
import { InterfaceAddresses, ListenerSet } from './listen/index.ts'
import { PeerTags } from './peer-tags.ts'
import { ProtocolRegistry } from './stream/index.ts'
import { SwarmMetrics } from './swarm-metrics.ts'
import { TransportSet } from './transport-set.ts'
import type { Clock, Random } from '../base/index.ts'
import type { Identity } from '../identity/index.ts'
import type { ConnectionComponents, ProtocolEntry, SwarmConnection, UpgradeOptions } from './connection/index.ts'
import type { CloseReason, Connection } from './contract/connection.ts'
import type { SwarmEvents } from './contract/events.ts'
import type { StreamHandler } from './contract/stream.ts'
import type { ListenFailure } from './contract/swarm.ts'
import type { DialRanker } from './dial/index.ts'
import type { TrimCandidate } from './limits/index.ts'
import type { ConnectionSettings, DialSettings, LimitSettings } from './options.ts'
import type { PluginObserver } from './plugins/index.ts'
import type { ComponentLogger, ConnectionEncrypter, ConnectionGater, ConnectionProtector, Libp2pEvents, Logger, Metrics, MultiaddrConnection, PeerId, PeerStore, StreamMuxerFactory, TypedEventTarget } from '@libp2p/interface'
import type { DNS } from '@multiformats/dns'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Datastore } from 'interface-datastore'

/** What a swarm is made of, every choice made. */
export interface SwarmCoreInit {
  identity: Identity
  clock: Clock
  random: Random
  dial: DialSettings
  limits: LimitSettings
  connection: ConnectionSettings
  ranker: DialRanker | undefined
  gater: ConnectionGater
  dns: DNS
  logger: ComponentLogger
  metrics: Metrics | undefined
  datastore: Datastore
  peerStore: PeerStore
  announce: Multiaddr[]
  /** Where js-libp2p's events are told. */
  pluginEvents: TypedEventTarget<Libp2pEvents>
}

/**
 * The parts of a swarm, and how they hold together: what happens when a connection comes, when it
 * goes, and when a stream does. The face that users see is `SwarmNode`; that of plugins is made in
 * `plugin-host.ts`.
 */
export class SwarmCore {
  readonly init: SwarmCoreInit
  readonly log: Logger
  readonly announcer: Announcer
  readonly peerBook: PeerBook
  readonly registry: ProtocolRegistry<ProtocolEntry>
  readonly connections = new ConnectionSet()
  readonly bandwidth = new Bandwidth()
  readonly connectionLimits: ConnectionLimits
  readonly streamLimits: StreamLimits
  readonly budget: MemoryBudget
  readonly protection = new PeerProtection()
  readonly directWait = new DirectWait()
  readonly transports: TransportSet
  readonly listeners: ListenerSet
  readonly dialer: Dialer
  readonly upgrader: ConnectionUpgrader
  readonly encrypters = new Map<string, ConnectionEncrypter>()
  readonly muxers = new Map<string, StreamMuxerFactory>()
  readonly observers = new Set<PluginObserver>()
  /** Aborts when the swarm closes. */
  readonly ended = new AbortController()
  protector: ConnectionProtector | undefined
  streamHandler: StreamHandler | undefined
  /** Set once there are peer routers. */
  findPeer: (peer: PeerId, signal: AbortSignal) => Promise<Multiaddr[]> = async () => []

  readonly #interfaces: InterfaceAddresses
  /** By address; there are as many as somebody asked for. */
  readonly #listenFailures = new Map<string, ListenFailure>()
  readonly #tags: PeerTags
  readonly #trimmer: Trimmer<SwarmConnection>
  readonly #duplicates: Duplicates
  #isRefusing = false
  readonly #metrics: SwarmMetrics | undefined

  constructor (init: SwarmCoreInit, target: TypedEventTarget<SwarmEvents>) {
    const { clock, connection: { notifyTimeoutMs, duplicateGraceMs }, limits } = init

    this.init = init
    this.log = init.logger.forComponent('swarmd:swarm')
    target.addEventListener('error', ({ detail: { during, error } }) => { this.log.error('%s - %e', during, error) })
    this.announcer = new Announcer({ clock, target, notifyTimeoutMs })
    this.peerBook = new PeerBook({ peerStore: init.peerStore, events: init.pluginEvents, onError: (error) => { this.announcer.error('peer store', error) } })
    this.registry = new ProtocolRegistry(() => { this.observers.forEach((observer) => { observer.protocolsChanged() }) })
    this.connectionLimits = new ConnectionLimits(limits)
    this.streamLimits = new StreamLimits(limits)
    this.budget = new MemoryBudget(limits.maxBufferedBytes, { onError: (error) => { this.announcer.error('memory budget', error) } })
    this.transports = new TransportSet({ isClosed: () => this.isClosed, onInboundFailure: (error) => { this.#inboundFailed(error) } })
    this.#interfaces = new InterfaceAddresses(clock)
    this.#tags = new PeerTags(init.peerStore, init.pluginEvents)
    this.upgrader = this.#createUpgrader()
    this.listeners = this.#createListeners()
    this.dialer = this.#createDialer()
    this.#trimmer = this.#createTrimmer()
    this.#duplicates = new Duplicates({
      clock,
      graceMs: duplicateGraceMs,
      connections: (peer) => this.connections.list(peer),
      onError: (connection, error) => { this.announcer.error('closing a duplicate connection', toError(error), connection) }
    })
    this.#metrics = init.metrics == null
      ? undefined
      : new SwarmMetrics(init.metrics, {
        connections: () => this.connectionLimits.stat(),
        streams: () => this.streamLimits.stat(),
        dials: () => this.dialer.stat(),
        bufferedBytes: () => this.budget.used,
        protocols: () => this.bandwidth.byProtocol
      })
  }

  get localPeer (): PeerId {
    return this.init.identity.peerId
  }

  get isClosed (): boolean {
    return this.ended.signal.aborted
  }

  assertOpen (): void {
    this.ended.signal.throwIfAborted()
  }

  /** Where others can dial us: without unspecified hosts, and ending in our peer ID. */
  interfaceListenAddresses (): Multiaddr[] {
    return this.#interfaces.expand(this.listeners.addresses()).map((address) => withPeer(address, this.localPeer))
  }

  async listen (addresses: Multiaddr[]): Promise<Multiaddr[]> {
    const { listening, failures } = await this.listeners.listen(addresses)

    for (const address of addresses) {
      this.#listenFailures.delete(address.toString())
    }

    for (const failure of failures) {
      this.#listenFailures.set(failure.address.toString(), failure)
    }

    return listening
  }

  listenFailures (): ListenFailure[] {
    return [...this.#listenFailures.values()]
  }

  dialFailed (error: unknown): void {
    this.#metrics?.dialFailed(error)
  }

  protect (peer: string, tag: string): void {
    this.protection.protect(peer, tag)
  }

  unprotect (peer: string, tag: string): boolean {
    const stillProtected = this.protection.unprotect(peer, tag)

    this.#trimmer.request()

    return stillProtected
  }

  /** Everything that waits or recurs. Connections and listeners are closed by the node. */
  stop (reason: Error): void {
    this.ended.abort(reason)
    this.dialer.close()
    this.peerBook[Symbol.dispose]()
    this.#trimmer[Symbol.dispose]()
    this.#duplicates[Symbol.dispose]()
  }

  /** A connection is ready: from here on it counts, and its peer is connected. */
  async #admit (connection: SwarmConnection): Promise<void> {
    this.assertOpen()

    const peer = connection.remotePeer

    this.connections.add(connection)
    this.#isRefusing &&= connection.direction === 'outbound'
    this.#metrics?.connectionOpened(connection.direction)
    this.dialer.backoff.clear(peer.toString())
    this.#tags.follow(peer)
    this.#rememberPeer(connection)
    this.observers.forEach((observer) => { observer.connected(connection) })
    this.announcer.connectedness(peer, this.connections.connectedness(peer.toString()))
    await this.announcer.connected(connection)

    // a handler may have closed it, or the peer
    if (connection.status !== 'open') {
      throw closeError(connection.reason ?? { code: 'closed', by: 'local' })
    }

    this.directWait.offer(connection)
    this.dialer.connected(connection)
    connection.startServing()
    this.#duplicates.watch(peer.toString())
    this.#trimmer.request()
  }

  /** Garbage and silence are daily life, but that we turn others away is news: once, until we take one again. */
  #inboundFailed (error: unknown): void {
    if (!this.#isRefusing && isCoded(error, 'ResourceLimit')) {
      this.#isRefusing = true
      this.announcer.error('accepting a connection', error)
    }
  }

  #rememberPeer ({ remotePeer, remoteAddr, direction }: SwarmConnection): void {
    // the far end of an inbound connection is a port that nobody listens on
    this.peerBook.rememberPeer(remotePeer, direction === 'outbound' ? [remoteAddr] : [])
  }

  #connectionClosed (closed: Connection, reason: CloseReason): void {
    const connection = this.connections.remove(closed)

    if (connection == null) {
      return
    }

    const peer = connection.remotePeer
    const key = peer.toString()

    this.#metrics?.connectionClosed(reason)

    if (this.connections.list(key).length === 0) {
      this.#tags.forget(key)
      this.bandwidth.forget(key)
    }

    this.observers.forEach((observer) => { observer.disconnected(connection) })
    this.announcer.disconnected(connection, reason).then(() => {
      this.announcer.connectedness(peer, this.connections.connectedness(key))
    }).catch((error: unknown) => { this.announcer.error('disconnected', toError(error), connection) })
  }

  #createUpgrader (): ConnectionUpgrader {
    const { limits, connectionLimits } = { limits: this.init.limits, connectionLimits: this.connectionLimits }
    const host = (maConn: MultiaddrConnection): { ip: string | undefined } => ({ ip: ipOf(maConn.remoteAddr) })
    const protector = (): ConnectionProtector | undefined => this.protector

    return new ConnectionUpgrader({
      connections: this.#connectionComponents(limits),
      encrypters: this.encrypters,
      muxers: this.muxers,
      get protector () { return protector() },
      gater: this.init.gater,
      gate: {
        admitInbound: (maConn) => connectionLimits.admitInbound(host(maConn)),
        admitOutbound: () => connectionLimits.admitOutbound(),
        admitPeer: (peer) => connectionLimits.admitPeer(peer.toString()),
        upgradePlace: (maConn, signal) => connectionLimits.pendingInbound(host(maConn), signal)
      },
      admit: (connection) => this.#admit(connection)
    })
  }

  #connectionComponents (limits: LimitSettings): ConnectionComponents {
    const { init, announcer, bandwidth } = this

    return {
      localPeer: this.localPeer,
      clock: init.clock,
      settings: init.connection,
      registry: this.registry,
      budget: this.budget,
      metrics: init.metrics,
      log: init.logger.forComponent('swarmd:connection'),
      maxInboundStreamsPerProtocol: limits.maxInboundStreamsPerProtocol,
      streamGate: () => this.streamLimits.forConnection(),
      rawStreamHandler: () => this.streamHandler,
      knowsProtocol: (peer, protocol) => this.peerBook.knownProtocols(peer)?.has(protocol) === true,
      learnProtocol: (peer, protocol) => { this.peerBook.rememberProtocol(peer, protocol) },
      forgetProtocol: (peer, protocol) => { this.peerBook.forgetProtocol(peer, protocol) },
      countBytes: (connection, stream, direction, bytes) => { bandwidth.count(direction, bytes, stream.protocol, connection.remotePeer.toString()) },
      streamOpened: (stream) => { announcer.openedStream(stream) },
      streamClosed: (stream) => { announcer.closedStream(stream) },
      connectionClosed: (connection, reason) => { this.#connectionClosed(connection, reason) },
      reportError: (during, error, connection) => { announcer.error(during, error, connection) }
    }
  }

  #createListeners (): ListenerSet {
    return new ListenerSet({
      transportForListening: (address) => this.transports.forListening(address),
      upgrader: this.transports.upgrader,
      clock: this.init.clock,
      acceptTimeoutMs: this.init.connection.inboundUpgradeTimeoutMs,
      maxAccepting: this.init.limits.maxQueuedInbound,
      log: this.log,
      onListen: (address) => { this.announcer.listen(address) },
      onListenClose: (address, error) => { this.announcer.listenClose(address, error) },
      onAddressesChanged: (listener) => {
        this.#interfaces.invalidate()
        this.observers.forEach((observer) => { observer.listening(listener) })
      },
      onListenerClosed: (listener) => { this.observers.forEach((observer) => { observer.listenerClosed(listener) }) },
      onError: (address, error) => { this.announcer.error(`listening on ${address.toString()}`, error) }
    })
  }

  #createDialer (): Dialer {
    return new Dialer({
      localPeer: this.localPeer,
      clock: this.init.clock,
      settings: this.init.dial,
      gater: this.init.gater,
      dns: this.init.dns,
      ranker: this.init.ranker,
      peerBook: this.peerBook,
      transportForDialing: (address) => this.transports.forDialing(address),
      ownAddresses: () => this.interfaceListenAddresses(),
      best: (peer) => this.connections.best(peer),
      findPeer: (peer, signal) => this.findPeer(peer, signal),
      connect: (transport, address, { signal, onConnected, initiator }) => this.transports.connect(transport, address, {
        signal,
        upgrade: (maConn, options: UpgradeOptions) => {
          onConnected()

          return this.upgrader.upgradeOutbound(maConn, initiator == null ? options : { ...options, initiator })
        }
      })
    })
  }

  #createTrimmer (): Trimmer<SwarmConnection> {
    return new Trimmer({
      settings: this.init.limits,
      clock: this.init.clock,
      candidates: () => this.#openConnections.length > this.init.limits.highWater
        ? this.#tags.read().then(() => this.#trimCandidates())
        : this.#trimCandidates(),
      close: async (connection, why) => {
        this.announcer.trimmed(connection, why)
        await connection.closeWith({ code: 'trimmed', by: 'local' })
      },
      onError: (error) => { this.announcer.error('trimming connections', error) }
    })
  }

  get #openConnections (): SwarmConnection[] {
    return this.connections.list().filter(({ status }) => status === 'open')
  }

  #trimCandidates (): Array<TrimCandidate<SwarmConnection>> {
    return this.#openConnections.map((connection) => {
      const peer = connection.remotePeer.toString()
      const { value, keepAlive } = this.#tags.of(peer)

      return {
        connection,
        protected: keepAlive || this.protection.isProtected(peer),
        tagValue: value,
        streams: connection.streams.length,
        direction: connection.direction,
        openedAt: connection.openedAt,
        limited: connection.limits != null
      }
    })
  }
}

/** What calls on a closed swarm get. */
export function swarmClosed (): CodedError {
  return new CodedError('SwarmClosed', 'swarm closed')
}
