import { after } from '../../base/index.ts'
import type { Clock, Timer } from '../../base/index.ts'

export interface KeepAliveInit {
  clock: Clock
  /** A ping on a connection that was silent for so long; 0 is never. */
  intervalMs: number
  /** Silence after which the peer counts as gone. */
  timeoutMs: number
  /** When the last bytes came. */
  lastHeardAt(): number
  /** Asks the peer for a sign of life. Its answer counts by its bytes, so nobody waits for it. */
  ping(): void
  onDead(silentMs: number): void
}

/**
 * Finds peers that vanished without a word. One missed ping proves nothing: only silence counts, and
 * any byte breaks it.
 */
export class KeepAlive implements Disposable {
  readonly #init: KeepAliveInit
  #timer: Timer | undefined

  constructor (init: KeepAliveInit) {
    this.#init = init

    if (init.intervalMs > 0) {
      this.#arm(init.intervalMs)
    }
  }

  [Symbol.dispose] (): void {
    this.#timer?.[Symbol.dispose]()
  }

  #arm (delayMs: number): void {
    this.#timer = after(this.#init.clock, delayMs, () => { this.#check() }, { background: true })
  }

  #check (): void {
    const { clock, intervalMs, timeoutMs } = this.#init
    const silentMs = clock.now() - this.#init.lastHeardAt()

    if (silentMs >= timeoutMs) {
      this.#init.onDead(silentMs)
      return
    }

    if (silentMs < intervalMs) {
      this.#arm(intervalMs - silentMs)
      return
    }

    this.#init.ping()
    this.#arm(Math.min(intervalMs, timeoutMs - silentMs))
  }
}
