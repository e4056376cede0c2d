import { after } from '../../base/index.ts'
import type { Clock, Timer } from '../../base/index.ts'
import type { DialSettings } from '../options.ts'

/** Addresses in backoff of one peer; the one whose failure is longest ago is forgotten first. */
export const MAX_BACKOFF_ADDRESSES = 128

export type BackoffSettings = Pick<DialSettings, 'backoffBaseMs' | 'backoffCoefficientMs' | 'backoffMaxMs' | 'maxBackoffPeers'>

interface Entry {
  /** Failures so far. */
  failures: number
  /** Not dialled before this time. */
  until: number
}

/**
 * Remembers which addresses failed, and keeps them from being dialled again at once.
 *
 * After its first failure an address rests for the base (5 s), after the n-th repetition for
 * base + n² * coefficient (6, 9, 14, 21 s ...), never for longer than the maximum (5 min): the
 * schedule of go-libp2p-swarm. A maximum of 0 switches backoff off.
 *
 * Keys are canonical strings: a peer ID, or '' where none is known, and an address, with or without
 * the peer at its end. What has not failed for long is forgotten, and memory is bounded.
 */
export class DialBackoff implements Disposable {
  readonly #settings: BackoffSettings
  readonly #clock: Clock
  /** Peers and addresses in the order of their last failure. */
  readonly #peers = new Map<string, Map<string, Entry>>()
  #sweeper: Timer | undefined
  #disposed = false

  constructor (settings: BackoffSettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
  }

  /** Peers with an address that has failed lately. */
  get size (): number {
    return this.#peers.size
  }

  /** Whether this address is not to be dialled now. */
  blocked (peer: string, addr: string): boolean {
    return this.retryAt(peer, addr) !== undefined
  }

  /** When this address may be dialled again; undefined if it may be now. */
  retryAt (peer: string, addr: string): number | undefined {
    const until = this.#peers.get(peer)?.get(withoutPeer(peer, addr))?.until

    return until !== undefined && this.#clock.now() < until ? until : undefined
  }

  /** Notes a failure. Gives back when the address may be dialled again. */
  add (peer: string, addr: string): number {
    const key = withoutPeer(peer, addr)
    const addresses = this.#peers.get(peer) ?? new Map<string, Entry>()
    const failures = addresses.get(key)?.failures ?? 0
    const until = this.#clock.now() + this.#restMs(failures)

    if (this.#disposed || this.#settings.backoffMaxMs === 0) {
      return until
    }

    renew(addresses, key, { failures: failures + 1, until }, MAX_BACKOFF_ADDRESSES)
    renew(this.#peers, peer, addresses, this.#settings.maxBackoffPeers)
    this.#arm()

    return until
  }

  /** Forgets all failures of a peer, as after any new connection with it. */
  clear (peer: string): void {
    this.#peers.delete(peer)
    this.#disarm()
  }

  /** Forgets everything, and remembers nothing any more. */
  [Symbol.dispose] (): void {
    this.#disposed = true
    this.#peers.clear()
    this.#disarm()
  }

  #restMs (failures: number): number {
    const { backoffBaseMs, backoffCoefficientMs, backoffMaxMs } = this.#settings

    return Math.min(backoffBaseMs + backoffCoefficientMs * failures ** 2, backoffMaxMs)
  }

  /** Forgets the peers that would have survived yet another failure of each of their addresses. */
  #sweep (): void {
    const now = this.#clock.now()

    for (const [peer, addresses] of this.#peers) {
      const alive = [...addresses.values()].some(({ failures, until }) => now < until + this.#restMs(failures))

      if (!alive) {
        this.#peers.delete(peer)
      }
    }
  }

  #arm (): void {
    if (this.#sweeper != null || this.#peers.size === 0 || this.#settings.backoffMaxMs === Infinity) {
      return
    }

    this.#sweeper = after(this.#clock, this.#settings.backoffMaxMs, () => {
      this.#sweeper = undefined
      this.#sweep()
      this.#arm()
    }, { background: true })
  }

  #disarm (): void {
    if (this.#peers.size === 0) {
      this.#sweeper?.[Symbol.dispose]()
      this.#sweeper = undefined
    }
  }
}

/** Puts an entry at the young end of a map, and drops the oldest beyond `max`. */
function renew<V> (map: Map<string, V>, key: string, value: V, max: number): void {
  map.delete(key)
  map.set(key, value)

  for (const oldest of map.keys()) {
    if (map.size <= max) {
      return
    }

    map.delete(oldest)
  }
}

/** One address has one entry, whether the peer is named at its end or not. */
function withoutPeer (peer: string, addr: string): string {
  const suffix = `/p2p/${peer}`

  return peer !== '' && addr.endsWith(suffix) ? addr.slice(0, -suffix.length) : addr
}
