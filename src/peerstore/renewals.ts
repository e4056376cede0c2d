import { BoundedMap } from '../base/index.ts'
import type { Clock } from '../base/index.ts'

/** Peers whose last renewal is remembered; that of the one that was renewed longest ago is forgotten first. */
const MAX_PEERS = 1024

interface Renewal {
  at: number
  addresses: ReadonlySet<string>
}

/** Which addresses were written a moment ago: who connects to a peer again and again need not write them each time. */
export class Renewals {
  readonly #clock: Clock
  readonly #periodMs: number
  /** By peer. */
  readonly #renewals = new BoundedMap<Renewal>(MAX_PEERS)

  constructor (clock: Clock, periodMs: number) {
    this.#clock = clock
    this.#periodMs = periodMs
  }

  /** Whether all of them were written within the period, and nothing else since. */
  areFresh (peer: string, addresses: readonly string[]): boolean {
    const renewal = this.#renewals.get(peer)

    return renewal != null && this.#clock.now() - renewal.at < this.#periodMs && addresses.every((address) => renewal.addresses.has(address))
  }

  add (peer: string, addresses: readonly string[]): void {
    this.#renewals.set(peer, { at: this.#clock.now(), addresses: new Set(addresses) })
  }

  delete (peer: string): void {
    this.#renewals.delete(peer)
  }

  clear (): void {
    this.#renewals.clear()
  }
}
