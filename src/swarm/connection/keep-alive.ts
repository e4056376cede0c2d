import { after } from '../../base/index.ts'
import type { Clock, Timer } from '../../base/index.ts'

/** A timer so late means that this process did nothing meanwhile. */
const LATE_MS = 1_000

export interface KeepAliveInit {
  clock: Clock
  /** A ping on a connection that was silent for so long, or for half of `timeoutMs`; 0 is never. */
  intervalMs: number
  /** Silence after which the peer counts as gone; 0 is never. */
  timeoutMs: number
  /** When the last bytes came. */
  lastHeardAt(): number
  /** Asks the peer for a sign of life. Its answer counts by its bytes, so nobody waits for it. */
  ping(): void
  onDead(silentMs: number): void
}

/**
 * Finds peers that vanished without a word. One missed ping proves nothing: only silence counts, any
 * byte breaks it, and it must have been the peer's: while this machine slept, nobody could be heard.
 */
export class KeepAlive implements Disposable {
  readonly #init: KeepAliveInit
  readonly #intervalMs: number
  #timer: Timer | undefined

  constructor (init: KeepAliveInit) {
    this.#init = init
    // there must be a ping, and time for its answer, before the peer counts as gone
    this.#intervalMs = Math.min(init.intervalMs, init.timeoutMs / 2)

    if (this.#intervalMs > 0) {
      this.#arm(this.#intervalMs)
    }
  }

  [Symbol.dispose] (): void {
    this.#timer?.[Symbol.dispose]()
  }

  #arm (delayMs: number): void {
    const { clock } = this.#init
    const dueAt = clock.now() + delayMs

    this.#timer = after(clock, delayMs, () => { this.#check(clock.now() - dueAt) }, { background: true })
  }

  #check (lateMs: number): void {
    const { clock, timeoutMs } = this.#init
    const silentMs = clock.now() - this.#init.lastHeardAt()

    if (silentMs < this.#intervalMs) {
      this.#arm(this.#intervalMs - silentMs)
      return
    }

    // so late, we were not there to hear: what came meanwhile is still to be read
    const wasAsleep = lateMs >= LATE_MS

    if (silentMs >= timeoutMs && !wasAsleep) {
      this.#init.onDead(silentMs)
      return
    }

    this.#init.ping()
    this.#arm(wasAsleep ? this.#intervalMs : Math.min(this.#intervalMs, timeoutMs - silentMs))
  }
}
