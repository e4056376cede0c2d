import { CodedError, raceSignal } from '../base/index.ts'
import { AddressError, BlackHoleCounter, BlackHoleDetector, DialBackoff, DialError, DialLimiter, DialSync, filterAddresses, rankAddresses, resolveAddresses } from './dial/index.ts'
import type { Clock } from '../base/index.ts'
import type { PeerBook } from '../peerstore/index.ts'
import type { SwarmConnection } from './connection/index.ts'
import type { DialOptions } from './contract/swarm.ts'
import type { DialRanker, DialRequestOptions } from './dial/index.ts'
import type { DialSettings } from './options.ts'
import type { ParsedTarget } from './targets.ts'
import type { ConnectionGater, PeerId, Transport } from '@libp2p/interface'
import type { DNS } from '@multiformats/dns'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface DialerInit {
  localPeer: PeerId
  clock: Clock
  settings: DialSettings
  gater: ConnectionGater
  dns: DNS | undefined
  ranker: DialRanker | undefined
  peerBook: PeerBook
  transportForDialing(address: Multiaddr): Transport | undefined
  ownAddresses(): Multiaddr[]
  best(peer: string): SwarmConnection | undefined
  /** Asks the peer routers, if there are any, where a peer is. */
  findPeer(peer: PeerId, signal: AbortSignal): Promise<Multiaddr[]>
  /** Dials one address with its transport and upgrades. */
  connect(transport: Transport, address: Multiaddr, signal: AbortSignal, onConnected: () => void): Promise<SwarmConnection>
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
      addressesFor: (peer, request, signal) => this.#addressesFor(peer, request, signal),
      dialAddress: (peer, address, options) => this.#dialAddress(address, options),
      record: (address, success) => { this.#blackHoles.record(address, success, init.clock.now()) }
    })
  }

  /**
   * A connection to the target, an old one or a new one.
   *
   * @throws DialError, or the signal's reason
   */
  async dial ({ peer, addresses }: ParsedTarget, options: DialOptions = {}, noDelay = false): Promise<SwarmConnection> {
    const { localPeer, gater } = this.#init
    const request: DialRequestOptions = {
      addresses,
      noDelay,
      force: options.force ?? false,
      forceDirect: options.forceDirect ?? false,
      limitedOk: options.limited !== 'deny',
      ...(options.timeoutMs == null ? {} : { timeoutMs: options.timeoutMs })
    }

    options.signal?.throwIfAborted()

    if (peer?.equals(localPeer) === true) {
      throw new DialError('DialToSelf', peer, [])
    }

    const existing = this.acceptable(peer, request)

    if (existing != null) {
      return existing
    }

    if (peer != null && await raceSignal(Promise.resolve(gater.denyDialPeer?.(peer)), options.signal) === true) {
      throw new DialError('Gated', peer, [])
    }

    const key = peer?.toString() ?? `addr:${addresses.map(String).join(',')}`

    return await this.#sync.dial({ key, peer }, request, options.signal) as SwarmConnection
  }

  /** An open connection that will do, if there is one. */
  acceptable (peer: PeerId | undefined, { forceDirect = false, limitedOk = true }: DialRequestOptions): SwarmConnection | undefined {
    const best = peer == null ? undefined : this.#init.best(peer.toString())

    if (best == null || (forceDirect && !best.direct) || ((forceDirect || !limitedOk) && best.limits != null)) {
      return undefined
    }

    return best
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

  /** Where `peer` may be, without what can be ruled out before anything is sent. */
  async #addressesFor (peer: PeerId | undefined, request: DialRequestOptions, signal: AbortSignal): Promise<{ good: Multiaddr[], refused: AddressError[] }> {
    const { settings, gater, dns, clock, peerBook, transportForDialing, ownAddresses, findPeer } = this.#init
    const known = [...request.addresses ?? [], ...peer == null ? [] : await peerBook.addresses(peer, signal)]
    const found = known.length > 0 || peer == null ? known : await findPeer(peer, signal)
    const resolved = await resolveAddresses({ dns }, peer, found, { signal })
    const { good, refused } = await filterAddresses(
      { transportForDialing, ownAddresses, gater, settings },
      peer,
      resolved.addresses,
      { forceDirect: request.forceDirect ?? false, signal }
    )
    const { valid, blocked } = request.force === true
      ? { valid: good, blocked: [] }
      : this.#blackHoles.filter(good, clock.now())

    return {
      good: valid,
      refused: [...resolved.failures, ...refused, ...blocked.map((address) => new AddressError('BlackHole', address, { phase: 'gate' }))]
    }
  }

  async #dialAddress (address: Multiaddr, { signal, onConnected }: { signal: AbortSignal, onConnected: () => void }): Promise<SwarmConnection> {
    const transport = this.#init.transportForDialing(address)

    if (transport == null) {
      throw new CodedError('NoTransport', `no transport for protocol: nothing here dials ${address.toString()}`)
    }

    return this.#init.connect(transport, address, signal, onConnected)
  }
}
