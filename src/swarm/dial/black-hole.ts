import { CODE_IP6, CODE_UDP } from '@multiformats/multiaddr'
import { BLACK_HOLE_MIN_SUCCESSES, BLACK_HOLE_WINDOW } from '../constants.ts'
import { hasProtocol, isPublicAddress } from './address-kind.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

/**
 * A blocked network is probed when it has not been for so long, however few dials there are: a node
 * that was offline for a while, or that dials little, must find out that the way is open again.
 */
export const BLACK_HOLE_REPROBE_MS = 5 * 60 * 1000

/**
 * 'probing' while too little is known, and for the one request that tries again; 'allowed' and
 * 'blocked' once the window is full.
 */
export type BlackHoleState = 'probing' | 'allowed' | 'blocked'

export interface BlackHoleCounterInit {
  /** Results that are looked at; a blocked network is probed by every so-manieth request. @default BLACK_HOLE_WINDOW */
  window?: number
  /** Fewer successes among them, and the network is a black hole. @default BLACK_HOLE_MIN_SUCCESSES */
  minSuccesses?: number
  /** @default BLACK_HOLE_REPROBE_MS */
  reprobeMs?: number
}

/**
 * Decides from the latest results whether dials over one kind of network ever come back.
 *
 * Counts what is recorded only: a dial that we gave up ourselves says nothing of the network, and
 * must not be recorded.
 */
export class BlackHoleCounter {
  readonly #window: number
  readonly #minSuccesses: number
  readonly #reprobeMs: number
  #results: boolean[] = []
  #requests = 0
  /** When the network was blocked, or probed since. */
  #probedAt = 0
  #state: BlackHoleState = 'probing'

  constructor ({ window = BLACK_HOLE_WINDOW, minSuccesses = BLACK_HOLE_MIN_SUCCESSES, reprobeMs = BLACK_HOLE_REPROBE_MS }: BlackHoleCounterInit = {}) {
    this.#window = window
    this.#minSuccesses = minSuccesses
    this.#reprobeMs = reprobeMs
  }

  get state (): BlackHoleState {
    return this.#state
  }

  /** How this counter stands, for metrics. Between 0 and 1; 0 where nothing is known. */
  get successFraction (): number {
    return this.#results.length === 0 ? 0 : this.#successes() / this.#results.length
  }

  /** What to do with the addresses of one dial; 'probing' lets them through. */
  request (now: number): BlackHoleState {
    this.#requests++

    if (this.#state !== 'blocked') {
      return this.#state
    }

    if (this.#requests % this.#window !== 0 && now - this.#probedAt < this.#reprobeMs) {
      return 'blocked'
    }

    this.#probedAt = now

    return 'probing'
  }

  /** Notes how the dial of one address ended. */
  record (success: boolean, now: number): void {
    if (success && this.#state === 'blocked') {
      // a network is a black hole or it is not: one answer proves that it is not
      this.#results = []
      this.#requests = 0
      this.#state = 'probing'
      return
    }

    this.#results.push(success)

    if (this.#results.length > this.#window) {
      this.#results.shift()
    }

    this.#update(now)
  }

  #update (now: number): void {
    const before = this.#state

    if (this.#results.length < this.#window) {
      this.#state = 'probing'
      return
    }

    this.#state = this.#successes() >= this.#minSuccesses ? 'allowed' : 'blocked'

    if (this.#state === 'blocked' && before !== 'blocked') {
      this.#probedAt = now
    }
  }

  #successes (): number {
    return this.#results.filter(Boolean).length
  }
}

export interface BlackHoleDetectorInit {
  /** Null never blocks UDP. Several detectors may share one. @default a counter of its own */
  udp?: BlackHoleCounter | null
  /** Null never blocks IPv6. @default a counter of its own */
  ipv6?: BlackHoleCounter | null
  /**
   * Records nothing, and lets through only what is known to work: for a swarm that measures how
   * others can be reached. @default false
   */
  readOnly?: boolean
}

/**
 * Keeps dials away from networks where nothing ever comes back, as UDP behind some firewalls and
 * IPv6 on some hosts. Applies to public addresses of these two kinds, and to no others.
 */
export class BlackHoleDetector {
  readonly udp: BlackHoleCounter | null
  readonly ipv6: BlackHoleCounter | null
  readonly #readOnly: boolean

  constructor ({ udp = new BlackHoleCounter(), ipv6 = new BlackHoleCounter(), readOnly = false }: BlackHoleDetectorInit = {}) {
    this.udp = udp
    this.ipv6 = ipv6
    this.#readOnly = readOnly
  }

  /** Splits the addresses of one peer. One call counts as one request, however many there are. */
  filter (addresses: Multiaddr[], now: number): { valid: Multiaddr[], blocked: Multiaddr[] } {
    const udp = this.#ask(this.udp, addresses.some(isPublicUdp), now)
    const ipv6 = this.#ask(this.ipv6, addresses.some(isPublicIp6), now)
    const isBlocked = (address: Multiaddr): boolean => {
      const states = [isPublicUdp(address) ? udp : 'allowed', isPublicIp6(address) ? ipv6 : 'allowed']

      // the probe of one network would prove nothing if the other could keep it back
      return states.includes('blocked') && !states.includes('probing')
    }

    return { valid: addresses.filter((address) => !isBlocked(address)), blocked: addresses.filter(isBlocked) }
  }

  /** Notes how the dial of an address ended. Not for dials that were aborted from our side. */
  record (address: Multiaddr, success: boolean, now: number): void {
    if (this.#readOnly) {
      return
    }

    if (isPublicUdp(address)) {
      this.udp?.record(success, now)
    }

    if (isPublicIp6(address)) {
      this.ipv6?.record(success, now)
    }
  }

  #ask (counter: BlackHoleCounter | null, concerned: boolean, now: number): BlackHoleState {
    if (counter == null || !concerned) {
      return 'allowed'
    }

    if (this.#readOnly) {
      return counter.state === 'allowed' ? 'allowed' : 'blocked'
    }

    return counter.request(now)
  }
}

function isPublicUdp (address: Multiaddr): boolean {
  return hasProtocol(address, CODE_UDP) && isPublicAddress(address)
}

function isPublicIp6 (address: Multiaddr): boolean {
  return hasProtocol(address, CODE_IP6) && isPublicAddress(address)
}
