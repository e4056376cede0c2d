import { Permits } from '../../base/index.ts'
import { ipGroup } from './ip.ts'
import { ResourceLimitError } from './resource-limit-error.ts'
import { admit, CountScope, KeyedScopes, permitOf } from './scope.ts'
import type { Scope } from './scope.ts'
import type { Permit } from '../../base/index.ts'
import type { LimitSettings } from '../options.ts'

/** Where an inbound connection comes from; `ipOf` gives the IP address of a multiaddr. */
export interface RemoteHost {
  ip?: string | undefined
}

export interface ConnectionLimitsStat {
  inbound: number
  outbound: number
  /** Peers, and IP addresses or /64s, that hold at least one connection. */
  peers: number
  ips: number
  /** Inbound connections being upgraded, and those that wait for it. */
  pending: number
  queued: number
}

/**
 * How many connections there may be: in all, inbound, outbound, with one peer, from one IP address,
 * and inbound ones whose upgrade has not finished. Every admission is a permit; dispose of it when
 * the connection has ended.
 *
 * An inbound connection is counted as soon as it is accepted. It then waits for a pending permit, is
 * upgraded under it and gives it back; with whom it is counts from the moment in which that is known.
 */
export class ConnectionLimits {
  readonly #settings: LimitSettings
  readonly #total: CountScope
  readonly #inbound: CountScope
  readonly #outbound: CountScope
  readonly #peers = new KeyedScopes()
  readonly #ips = new KeyedScopes()
  readonly #upgrades: Permits
  readonly #pendingIps = new KeyedScopes()

  constructor (settings: LimitSettings) {
    this.#settings = settings
    this.#total = new CountScope('connections', settings.maxConnections, 'limits.maxConnections')
    this.#inbound = new CountScope('inbound connections', settings.maxInboundConnections, 'limits.maxInboundConnections')
    this.#outbound = new CountScope('outbound connections', settings.maxOutboundConnections, 'limits.maxOutboundConnections')
    this.#upgrades = new Permits(settings.maxPendingInbound)
  }

  /** Connections in both directions; `limits.maxConnections` until it is changed. */
  get maxConnections (): number {
    return this.#total.max
  }

  /** @throws RangeError for what is not a number of 0 or more */
  set maxConnections (max: number) {
    if (!(max >= 0)) {
      throw new RangeError(`the maximum of connections must be a number of 0 or more, received ${max}`)
    }

    this.#total.max = max
  }

  /** @throws ResourceLimitError */
  admitInbound (remote: RemoteHost = {}): Permit {
    return admit(this.#total, this.#inbound, ...this.#ipScope(remote))
  }

  /** @throws ResourceLimitError */
  admitOutbound (): Permit {
    return admit(this.#total, this.#outbound)
  }

  /**
   * For connections of both directions, once it is known with whom.
   *
   * @throws ResourceLimitError
   */
  admitPeer (peer: string): Permit {
    return admit(this.#peers.of(peer, {
      name: `connections with peer ${peer}`,
      max: this.#settings.maxConnectionsPeer,
      option: 'limits.maxConnectionsPeer'
    }))
  }

  /**
   * Waits until the upgrade of an inbound connection may begin, first come, first served.
   *
   * @throws ResourceLimitError when too many wait already, or too many from this IP address
   * @throws the signal's reason when it aborts first
   */
  async pendingInbound (remote: RemoteHost = {}, signal?: AbortSignal): Promise<Permit> {
    signal?.throwIfAborted()

    const counted = admit(...this.#pendingIpScope(remote))

    try {
      const slot = this.#upgrades.tryAcquire() ?? await this.#queue(signal)

      return permitOf(() => {
        counted[Symbol.dispose]()
        slot[Symbol.dispose]()
      })
    } catch (error) {
      counted[Symbol.dispose]()
      throw error
    }
  }

  stat (): ConnectionLimitsStat {
    return {
      inbound: this.#inbound.used,
      outbound: this.#outbound.used,
      peers: this.#peers.size,
      ips: this.#ips.size,
      pending: this.#upgrades.used,
      queued: this.#upgrades.waiting
    }
  }

  async #queue (signal: AbortSignal | undefined): Promise<Permit> {
    this.#checkQueue()

    const slot = await this.#upgrades.acquire(signal)

    // the slot may have been granted in the same turn in which the caller left
    if (signal?.aborted === true) {
      slot[Symbol.dispose]()
      throw signal.reason
    }

    return slot
  }

  #checkQueue (): void {
    const { maxPendingInbound, maxQueuedInbound } = this.#settings

    if (maxPendingInbound === 0) {
      // there is no slot that could ever come free
      throw new ResourceLimitError({ scope: 'pending inbound connections', used: 0, max: 0, option: 'limits.maxPendingInbound' })
    }

    if (this.#upgrades.waiting + 1 > maxQueuedInbound) {
      throw new ResourceLimitError({
        scope: 'inbound connections waiting for their upgrade',
        used: this.#upgrades.waiting,
        max: maxQueuedInbound,
        option: 'limits.maxQueuedInbound'
      })
    }
  }

  #ipScope ({ ip }: RemoteHost): Scope[] {
    const group = ip == null ? undefined : ipGroup(ip)

    return group == null
      ? []
      : [this.#ips.of(group, {
          name: `inbound connections from ${group}`,
          max: this.#settings.maxConnectionsPerIp,
          option: 'limits.maxConnectionsPerIp'
        })]
  }

  #pendingIpScope ({ ip }: RemoteHost): Scope[] {
    const group = ip == null ? undefined : ipGroup(ip)

    return group == null
      ? []
      : [this.#pendingIps.of(group, {
          name: `pending inbound connections from ${group}`,
          max: this.#settings.maxPendingInboundPerIp,
          option: 'limits.maxPendingInboundPerIp'
        })]
  }
}
