import { CodedError, Deadline, raceSignal } from '../base/index.ts'
import { AddressError, BlackHoleCounter, BlackHoleDetector, DialBackoff, DialError, DialLimiter, DialSync, filterAddresses, filterUngated, gatesAddresses, hasName, rankAddresses, resolveAddresses, toAddressError } from './dial/index.ts'
import type { Clock } from '../base/index.ts'
import type { PeerBook } from '../peerstore/index.ts'
import type { SwarmConnection } from './connection/index.ts'
import type { DialOptions } from './contract/swarm.ts'
import type { DialAddresses, DialRanker, DialRequestOptions } from './dial/index.ts'
import type { DialSettings } from './options.ts'
import type { ParsedTarget } from './targets.ts'
import type { ConnectionGater, PeerId, Transport } from '@libp2p/interface'
import type { DNS } from '@multiformats/dns'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Of the time for finding addresses, what peer routers may take. */
const ROUTING_SHARE = 0.75

export interface DialerInit {
  localPeer: PeerId
  clock: Clock
  settings: DialSettings
  gater: ConnectionGater
  dns: DNS
  ranker: DialRanker | undefined
  peerBook: PeerBook
  transportForDialing(address: Multiaddr): Transport | undefined
  ownAddresses(): Multiaddr[]
  best(peer: string): SwarmConnection | undefined
  /** Asks the peer routers, if there are any, where a peer is. */
  findPeer(peer: PeerId, signal: AbortSignal): Promise<Multiaddr[]>
  /** Dials one address with its transport and upgrades. */
  connect(transport: Transport, address: Multiaddr, options: ConnectOneOptions): Promise<SwarmConnection>
}

export interface ConnectOneOptions {
  signal: AbortSignal
  onConnected(): void
  /** False makes this side answer the negotiations of the upgrade. @default true */
  initiator?: boolean
}

/** What hole punching asks for beyond other dials. */
export interface FreshDialOptions {
  signal?: AbortSignal | undefined
  initiator: boolean
}

/** Finds out where a peer can be dialled, and has the dial room do it. */
export class Dialer {
  readonly backoff: DialBackoff
  readonly #init: DialerInit
  readonly #limiter: DialLimiter
  readonly #blackHoles: BlackHoleDetector
  readonly #sync: DialSync

  constructor (init: DialerInit) {
    this.#init = init
    this.backoff = new DialBackoff(init.settings, init.clock)
    this.#limiter = new DialLimiter(init.settings)
    this.#blackHoles = new BlackHoleDetector({ udp: new BlackHoleCounter(), ipv6: new BlackHoleCounter() })
    this.#sync = new DialSync({
      clock: init.clock,
      settings: init.settings,
      backoff: this.backoff,
      limiter: this.#limiter,
      rank: init.ranker ?? rankAddresses,
      acceptable: (peer, request) => this.acceptable(peer, request),
      addressesAtHand: (peer, request) => this.#addressesAtHand(peer, request),
      addressesFor: (peer, request, signal) => this.#addressesFor(peer, request, signal),
      dialAddress: (_peer, address, options) => this.#dialAddress(address, options),
      record: (address, success) => { this.#blackHoles.record(address, success, init.clock.now()) }
    })
  }

  /**
   * A connection to the target, an old one or a new one.
   *
   * @throws DialError, or the signal's reason
   */
  async dial (target: ParsedTarget, options: DialOptions = {}): Promise<SwarmConnection> {
    const { peer, addresses } = target
    const ready = this.ready(target, options)

    if (ready != null) {
      return ready
    }

    const key = peer?.toString() ?? `addr:${addresses.map(String).join(',')}`

    return await this.#sync.dial({ key, peer }, dialRequest(target, options), options.signal) as SwarmConnection
  }

  /**
   * The connection that `dial` would give without dialling, if there is one.
   *
   * @throws as `dial`
   */
  ready (target: ParsedTarget, options: DialOptions): SwarmConnection | undefined {
    options.signal?.throwIfAborted()
    this.#assertOther(target.peer)

    return this.#sync.ready(target.peer, dialRequest(target, options), options.signal) as SwarmConnection | undefined
  }

  /**
   * A new connection whatever there is: all addresses at once, and no backoff, since the peer dials us
   * at the same moment. The first that works is kept.
   */
  async dialFresh ({ peer, addresses }: ParsedTarget, { signal, initiator }: FreshDialOptions): Promise<SwarmConnection> {
    const { clock, settings } = this.#init
    using deadline = new Deadline({
      clock,
      timeoutMs: settings.peerTimeoutMs,
      signal,
      onTimeout: () => new DialError('DialTimeout', peer, [])
    })

    this.#assertOther(peer)
    const { good, refused } = await this.#addressesFor(peer, { addresses: [...addresses], force: true }, deadline.signal)

    if (good.length === 0) {
      throw new DialError(refused.length === 0 ? 'NoAddresses' : 'NoGoodAddresses', peer, refused)
    }

    const race = new AbortController()
    const startedAt = clock.now()
    const dials = good.map(async (address) => {
      try {
        return await this.#limiter.run({
          peer: peer?.toString() ?? '',
          address,
          signal: AbortSignal.any([deadline.signal, race.signal]),
          dial: (dialSignal) => this.#dialAddress(address, { signal: dialSignal, onConnected: () => {}, initiator }),
          onLate: (late) => { late.abort() }
        })
      } catch (error) {
        throw toAddressError(address, error, { durationMs: clock.now() - startedAt })
      }
    })

    try {
      return await Promise.any(dials)
    } catch (error) {
      deadline.signal.throwIfAborted()
      throw new DialError('AllDialsFailed', peer, [...(error as AggregateError).errors, ...refused])
    } finally {
      race.abort(new CodedError('StreamAborted', 'another address was faster'))
    }
  }

  /** An open connection that will do, if there is one. */
  acceptable (peer: PeerId | undefined, { forceDirect = false, limitedOk = true }: DialRequestOptions): SwarmConnection | undefined {
    const best = peer == null ? undefined : this.#init.best(peer.toString())

    if (best == null || (forceDirect && !best.direct) || ((forceDirect || !limitedOk) && best.limits != null)) {
      return undefined
    }

    return best
  }

  /** A connection was made, and everybody knows of it: who waits for its peer gets it. */
  connected ({ remotePeer, direction }: SwarmConnection): void {
    // what we dialled ourselves is answered by the dial that made it, once it is complete
    if (direction === 'inbound') {
      this.#sync.reconsider(remotePeer.toString())
    }
  }

  pending (): ReturnType<DialSync['pending']> {
    return this.#sync.pending()
  }

  stat (): { active: number, waiting: number } {
    return this.#sync.stat()
  }

  close (): void {
    this.#sync.close()
    this.backoff[Symbol.dispose]()
  }

  #assertOther (peer: PeerId | undefined): void {
    if (peer?.equals(this.#init.localPeer) === true) {
      throw new DialError('DialToSelf', peer, [])
    }
  }

  async #askGater (peer: PeerId | undefined, signal: AbortSignal | undefined): Promise<void> {
    if (peer != null && await raceSignal(Promise.resolve(this.#init.gater.denyDialPeer?.(peer)), signal) === true) {
      throw new DialError('Gated', peer, [])
    }
  }

  /** Where `peer` may be, without what can be ruled out before anything is sent. */
  async #addressesFor (peer: PeerId | undefined, request: DialRequestOptions, signal: AbortSignal): Promise<DialAddresses> {
    const { settings, gater, dns, clock, transportForDialing, ownAddresses } = this.#init

    await this.#askGater(peer, signal)

    const found = await this.#find(peer, request.addresses ?? [], signal)
    const resolved = await resolveAddresses({ dns, clock }, peer, found, { signal, timeoutMs: settings.resolveTimeoutMs })
    const { good, refused } = await filterAddresses(
      { transportForDialing, ownAddresses, gater, settings },
      peer,
      resolved.addresses,
      { forceDirect: request.forceDirect, ranker: this.#init.ranker, signal }
    )

    return this.#withoutBlackHoles(request, good, [...resolved.failures, ...refused])
  }

  /** The same, where no gater, record, router or name server is to be asked: as for the address of a peer that is named by it. */
  #addressesAtHand (peer: PeerId | undefined, request: DialRequestOptions): DialAddresses | undefined {
    const { settings, gater, ranker, transportForDialing, ownAddresses } = this.#init
    const { addresses = [], forceDirect } = request
    const isGated = gater.denyDialPeer != null || gatesAddresses(gater)

    if (isGated || (addresses.length === 0 && peer != null) || addresses.some(hasName)) {
      return undefined
    }

    const { good, refused } = filterUngated({ transportForDialing, ownAddresses, settings }, peer, addresses, { forceDirect, ranker })

    return this.#withoutBlackHoles(request, good, refused)
  }

  #withoutBlackHoles ({ force = false }: DialRequestOptions, good: Multiaddr[], refused: AddressError[]): DialAddresses {
    if (force) {
      return { good, refused }
    }

    const { valid, blocked } = this.#blackHoles.filter(good, this.#init.clock.now())

    return { good: valid, refused: [...refused, ...blocked.map((address) => new AddressError('BlackHole', address, { phase: 'gate' }))] }
  }

  /** Who names addresses means these; else those that are known, or those that the peer routers find. */
  async #find (peer: PeerId | undefined, given: Multiaddr[], signal: AbortSignal): Promise<Multiaddr[]> {
    if (given.length > 0 || peer == null) {
      return given
    }

    const known = await this.#init.peerBook.addresses(peer, signal)

    return known.length > 0 ? known : this.#route(peer, signal)
  }

  /** Routers that take too long have found nothing: there must be time left to resolve what they find. */
  async #route (peer: PeerId, signal: AbortSignal): Promise<Multiaddr[]> {
    const { clock, settings, findPeer } = this.#init
    using deadline = new Deadline({
      clock,
      timeoutMs: settings.resolveTimeoutMs * ROUTING_SHARE,
      signal,
      onTimeout: () => new CodedError('ResolveFailed', `the peer routers did not find ${peer.toString()} in time`)
    })

    try {
      return await raceSignal(findPeer(peer, deadline.signal), deadline.signal)
    } catch (error) {
      signal.throwIfAborted()

      if (deadline.signal.aborted) {
        return []
      }

      throw error
    }
  }

  async #dialAddress (address: Multiaddr, options: ConnectOneOptions): Promise<SwarmConnection> {
    const transport = this.#init.transportForDialing(address)

    if (transport == null) {
      throw new CodedError('NoTransport', `no transport for protocol: nothing here dials ${address.toString()}`)
    }

    return this.#init.connect(transport, address, options)
  }
}

function dialRequest ({ addresses }: ParsedTarget, { force, forceDirect, limited, timeoutMs }: DialOptions): DialRequestOptions {
  return {
    addresses: [...addresses],
    force: force ?? false,
    forceDirect: forceDirect ?? false,
    limitedOk: limited !== 'deny',
    ...(timeoutMs == null ? {} : { timeoutMs })
  }
}
