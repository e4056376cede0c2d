import { after } from '../base/index.ts'
import { supplanted } from './connection/index.ts'
import type { Clock, Timer } from '../base/index.ts'
import type { SwarmConnection } from './connection/index.ts'

/** Connections with streams get another look as often as this, however short the grace. */
const MIN_LOOK_MS = 1_000

export interface DuplicatesInit {
  clock: Clock
  graceMs: number
  /** The connections with a peer. */
  connections(peer: string): SwarmConnection[]
  onError(connection: SwarmConnection, error: unknown): void
}

/**
 * Leaves one connection of several to the same peer. New streams take the best one at once; the
 * others are closed when the grace is over and their last stream has ended, never before.
 */
export class Duplicates implements Disposable {
  readonly #init: DuplicatesInit
  readonly #timers = new Map<string, Timer>()

  constructor (init: DuplicatesInit) {
    this.#init = init
  }

  /** To be called when a peer has got a further connection. */
  watch (peer: string): void {
    if (!this.#timers.has(peer) && this.#init.connections(peer).length > 1) {
      this.#settleIn(this.#init.graceMs, peer)
    }
  }

  [Symbol.dispose] (): void {
    for (const timer of this.#timers.values()) {
      timer[Symbol.dispose]()
    }

    this.#timers.clear()
  }

  #settleIn (delayMs: number, peer: string): void {
    this.#timers.set(peer, after(this.#init.clock, delayMs, () => {
      this.#timers.delete(peer)
      this.#settle(peer)
    }, { background: true }))
  }

  #settle (peer: string): void {
    const open = this.#init.connections(peer).filter(({ status }) => status === 'open')
    const losers = supplanted(open)

    for (const connection of losers.filter(({ streams }) => streams.length === 0)) {
      connection.closeWith({ code: 'supplanted', by: 'local' }).catch((error: unknown) => { this.#init.onError(connection, error) })
    }

    // those with streams get another look
    if (losers.some(({ streams }) => streams.length > 0)) {
      this.#settleIn(Math.max(this.#init.graceMs, MIN_LOOK_MS), peer)
    }
  }
}
