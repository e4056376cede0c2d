import { CodedError, Deadline, isCoded, raceSignal, toError } from '../base/index.ts'
import { parsePeerId } from '../identity/index.ts'
import { closeError } from './connection/index.ts'
import { SafeEventTarget } from './safe-event-target.ts'
import { assertProtocol } from './stream/index.ts'
import { SwarmCore, swarmClosed } from './swarm-core.ts'
import { parseAddress, parseTarget } from './targets.ts'
import type { SwarmConnection } from './connection/index.ts'
import type { BackoffView, CloseOptions, CloseReason, Connection, Connectedness, DialOptions, DialTarget, HandleOptions, LimitedPolicy, ListenFailure, Notifiee, Stream, StreamHandler, Swarm, SwarmBandwidth, SwarmEvents, SwarmNewStreamOptions, SwarmStat } from './contract/index.ts'
import type { DialRequestOptions } from './dial/index.ts'
import type { PluginServices } from './plugins/index.ts'
import type { SwarmCoreInit } from './swarm-core.ts'
import type { ParsedTarget } from './targets.ts'
import type { PeerId, PeerStore, ServiceMap, Transport } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** The swarm that users hold. It checks what they give and leaves the work to the core. */
export class SwarmNode<Services extends ServiceMap = ServiceMap> extends SafeEventTarget<SwarmEvents> implements Swarm<Services> {
  readonly core: SwarmCore
  readonly backoff: BackoffView
  #plugins: PluginServices<Services> | undefined
  #closing: Promise<void> | undefined
  #transportsAdded = 0

  constructor (init: SwarmCoreInit) {
    super((type, error) => {
      // an error listener that throws cannot be told of its own error
      if (type !== 'error') {
        this.core.announcer.error(`listener of ${type}`, error)
      }
    })
    this.core = new SwarmCore(init, this)
    this.backoff = backoffView(this.core)
  }

  get peerId (): PeerId {
    return this.core.localPeer
  }

  get peerStore (): PeerStore {
    return this.core.init.peerStore
  }

  get services (): Readonly<Services> {
    return this.plugins.services
  }

  /** Services and components for plugins; there as soon as `createSwarm` has made them. */
  get plugins (): PluginServices<Services> {
    if (this.#plugins == null) {
      throw new CodedError('UnsupportedOperation', 'the swarm is not complete yet')
    }

    return this.#plugins
  }

  install (plugins: PluginServices<Services>): void {
    this.#plugins = plugins
  }

  async listen (...addresses: Array<Multiaddr | string>): Promise<Multiaddr[]> {
    this.core.assertOpen()

    return this.core.listen(addresses.map(parseAddress))
  }

  async addListenAddress (address: Multiaddr | string): Promise<Multiaddr[]> {
    return this.listen(address)
  }

  async removeListenAddress (address: Multiaddr | string): Promise<void> {
    const parsed = parseAddress(address)

    if (!await this.core.listeners.remove(parsed)) {
      throw new CodedError('ListenFailed', `nothing listens on ${parsed.toString()}; there is ${this.listenAddresses().join(', ') || 'no listener at all'}`)
    }
  }

  listenAddresses (): Multiaddr[] {
    return this.core.listeners.addresses()
  }

  listenFailures (): ListenFailure[] {
    return this.core.listenFailures()
  }

  interfaceListenAddresses (): Multiaddr[] {
    return this.core.interfaceListenAddresses()
  }

  addTransport (factory: (components: never) => Transport): void {
    this.core.assertOpen()

    const transport = factory(this.plugins.components as never)

    this.core.transports.add(transport)
    // some have to be started, as those of relays; and all that was started is stopped
    this.plugins.add(`transport added ${++this.#transportsAdded}`, transport)
  }

  transportForDialing (address: Multiaddr | string): Transport | undefined {
    return this.core.transports.forDialing(parseAddress(address))
  }

  transportForListening (address: Multiaddr | string): Transport | undefined {
    return this.core.transports.forListening(parseAddress(address))
  }

  async dial (target: DialTarget, options: DialOptions = {}): Promise<Connection> {
    return this.dialConnection(parseTarget(target), options)
  }

  async newStream (target: DialTarget, protocols: string | string[], options: SwarmNewStreamOptions = {}): Promise<Stream> {
    const parsed = parseTarget(target)
    const names = typeof protocols === 'string' ? [protocols] : protocols

    // before a dial that would be in vain
    if (names.length === 0) {
      throw new TypeError('newStream wants at least one protocol, received none')
    }

    names.forEach(assertProtocol)

    const { dial: { dialAttempts }, limits: { maxConnectionsPeer } } = this.core.init
    let dialsLeft = dialAttempts
    let othersLeft = maxConnectionsPeer
    let cause: unknown

    // a connection may die before its first stream is open: that is worth another one, but not for ever
    for (;;) {
      const existing = this.core.dialer.acceptable(parsed.peer, dialRequest(options))

      const isSpent = existing == null ? options.noDial !== true && dialsLeft-- <= 0 : othersLeft-- <= 0

      if (isSpent) {
        throw new CodedError('TooManyDialAttempts', `max dial attempts exceeded: ${parsed.peer?.toString() ?? 'the peer'} was dialled ${dialAttempts} times (dial.dialAttempts), and no stream was open before the connection closed`, { cause })
      }

      const connection = await this.#connectionFor(parsed, options, existing)

      try {
        return await connection.newStream(protocols, { ...options, limited: 'allow' })
      } catch (error) {
        if (connection.status === 'open' || !(isCoded(error, 'ConnectionClosed') || isCoded(error, 'ConnectionLost'))) {
          throw error
        }

        cause = error
      }
    }
  }

  handle (protocol: string | string[], handler: StreamHandler, options: HandleOptions = {}): void {
    this.core.assertOpen()

    if (typeof handler !== 'function') {
      throw new TypeError(`a stream handler is a function of the stream, received ${typeof handler}`)
    }

    for (const name of typeof protocol === 'string' ? [protocol] : protocol) {
      this.core.registry.add(name, {
        serve: handler,
        maxInboundStreams: options.maxInboundStreams,
        maxOutboundStreams: options.maxOutboundStreams ?? Infinity,
        limited: options.limited ?? false
      }, { force: options.force ?? false })
    }
  }

  unhandle (protocol: string | string[]): void {
    for (const name of typeof protocol === 'string' ? [protocol] : protocol) {
      this.core.registry.remove(name)
    }
  }

  protocols (): string[] {
    return this.core.registry.list()
  }

  setStreamHandler (handler: StreamHandler | null): void {
    this.core.streamHandler = handler ?? undefined
  }

  connections (peer?: PeerId | string): Connection[] {
    return this.core.connections.list(peer == null ? undefined : parsePeerId(peer).toString())
  }

  peers (): PeerId[] {
    return this.core.connections.peers()
  }

  connectedness (peer: PeerId | string): Connectedness {
    return this.core.connections.connectedness(parsePeerId(peer).toString())
  }

  protect (peer: PeerId | string, tag: string): void {
    this.core.protect(parsePeerId(peer).toString(), tag)
  }

  unprotect (peer: PeerId | string, tag: string): boolean {
    return this.core.unprotect(parsePeerId(peer).toString(), tag)
  }

  async closePeer (peer: PeerId | string, options: CloseOptions = {}): Promise<void> {
    const key = parsePeerId(peer).toString()

    await this.#closeConnections(this.core.connections.list(key), { code: 'closed', by: 'local' }, options)
  }

  async close (options: CloseOptions = {}): Promise<void> {
    await (this.#closing ??= this.#close(options))
    options.signal?.throwIfAborted()
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.close()
  }

  notify (notifiee: Notifiee): void {
    this.core.announcer.notify(notifiee)
  }

  stopNotify (notifiee: Notifiee): void {
    this.core.announcer.stopNotify(notifiee)
  }

  bandwidth (): SwarmBandwidth {
    const { total, byProtocol, byPeer } = this.core.bandwidth

    return { total: { ...total }, protocols: new Map(byProtocol), peers: new Map(byPeer) }
  }

  stat (): SwarmStat {
    const { connectionLimits, streamLimits, dialer, bandwidth, budget } = this.core
    const { inbound, outbound } = connectionLimits.stat()

    return {
      connections: { inbound, outbound },
      streams: streamLimits.stat(),
      dials: dialer.stat(),
      bytes: { ...bandwidth.total, buffered: budget.used }
    }
  }

  /** As `dial`, for what has been parsed. */
  async dialConnection (target: ParsedTarget, options: DialOptions): Promise<SwarmConnection> {
    this.core.assertOpen()

    return this.#direct(await this.#dialed(target, options), options.limited ?? 'allow', options)
  }

  /** The connection, unless it is limited and the caller wants no such one. */
  async #direct (connection: SwarmConnection, limited: LimitedPolicy, { timeoutMs, signal }: DialOptions): Promise<SwarmConnection> {
    const peer = connection.remotePeer.toString()

    if (connection.limits == null || limited === 'allow') {
      return connection
    }

    if (limited === 'deny') {
      throw new CodedError('LimitedConnection', `limited connection to peer ${peer}: there is no direct one; pass { limited: 'allow' } to use it all the same`)
    }

    // a direct one may have come since
    const best = this.core.connections.best(peer)

    return best != null && best.limits == null
      ? best
      : this.core.directWait.wait(peer, {
        clock: this.core.init.clock,
        timeoutMs: timeoutMs ?? this.core.init.dial.peerTimeoutMs,
        signal,
        ended: this.core.ended.signal
      })
  }

  async #dialed (target: ParsedTarget, options: DialOptions): Promise<SwarmConnection> {
    try {
      return await this.core.dialer.dial(target, options)
    } catch (error) {
      this.core.dialFailed(error)
      throw error
    }
  }

  /** Nearly always there is one, and nothing to wait for. */
  #connectionFor (target: ParsedTarget, options: SwarmNewStreamOptions, existing: SwarmConnection | undefined): SwarmConnection | Promise<SwarmConnection> {
    this.core.assertOpen()

    const { limited = 'wait', noDial = false } = options

    if (!noDial) {
      const ready = existing != null && existing.limits == null ? this.core.dialer.ready(target, options) : undefined

      return ready ?? this.dialConnection(target, { ...options, limited })
    }

    if (existing == null) {
      throw new CodedError('NoConnection', `no usable connection to peer ${target.peer?.toString() ?? '(not named by the address)'}, and noDial is set`)
    }

    return this.#direct(existing, limited, options)
  }

  async #close (options: CloseOptions): Promise<void> {
    const { core } = this

    core.stop(swarmClosed())

    const closing = Promise.allSettled([this.#closeConnections(core.connections.list(), { code: 'shutdown', by: 'local' }, options)])

    await Promise.all([closing, this.#plugins?.stop(closing)])
    // after the connections: transports destroy those that a listener has accepted, and no farewell is said
    await core.listeners.close()
    core.announcer[Symbol.dispose]()
  }

  /** Gracefully, all at once; what is open when the time is up is aborted. */
  async #closeConnections (connections: SwarmConnection[], reason: CloseReason, options: CloseOptions): Promise<void> {
    const { clock, connection: { closeTimeoutMs } } = this.core.init
    using deadline = new Deadline({
      clock,
      timeoutMs: options.timeoutMs ?? closeTimeoutMs,
      signal: options.signal,
      onTimeout: () => closeError(reason)
    })

    await Promise.all(connections.map(async (connection) => {
      try {
        await raceSignal(connection.closeWith(reason, { signal: deadline.signal }), deadline.signal)
      } catch (error) {
        connection.abortWith({ ...reason, error: toError(error) })
      }
    }))
    options.signal?.throwIfAborted()
  }
}

/** Which connection will do for a stream. Without a dial, one that is limited is better than none, to be told of. */
function dialRequest ({ forceDirect = false, limited, noDial }: SwarmNewStreamOptions): DialRequestOptions {
  return { forceDirect, limitedOk: limited !== 'deny' || noDial === true }
}

function backoffView ({ dialer: { backoff } }: SwarmCore): BackoffView {
  const key = (peer: PeerId | string): string => parsePeerId(peer).toString()

  return {
    retryAt: (peer, address) => backoff.retryAt(key(peer), parseAddress(address).toString()),
    blocked: (peer, address) => backoff.blocked(key(peer), parseAddress(address).toString()),
    clear: (peer) => { backoff.clear(key(peer)) }
  }
}
