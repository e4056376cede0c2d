import type { Clock, Timer } from './clock.ts'

export interface KeepAliveInit {
  clock: Clock
  /** 0 is never. */
  intervalMs: number
  timeoutMs: number
  ping(): void
  /** Whether silence now says nothing about the other side; never unless given. */
  isExcused?(): boolean
  onLost(silentMs: number): void
}

/** Asks a silent peer whether it lives, and says when it has been silent for too long; yamux 5.4. */
export class KeepAlive implements Disposable {
  readonly #init: KeepAliveInit
  #lastTouch: number
  #timer: Timer | undefined

  constructor (init: KeepAliveInit) {
    this.#init = init
    this.#lastTouch = init.clock.now()

    if (init.intervalMs > 0 && init.intervalMs !== Infinity) {
      this.#arm(this.#lastTouch + Math.min(init.intervalMs, init.timeoutMs))
    }
  }

  /** Something has arrived. */
  touch (): void {
    if (this.#timer != null) {
      this.#lastTouch = this.#init.clock.now()
    }
  }

  [Symbol.dispose] (): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #arm (when: number): void {
    this.#timer = this.#init.clock.at(when, () => { this.#check() }, { background: true })
  }

  #check (): void {
    const { clock, intervalMs, timeoutMs } = this.#init
    const now = clock.now()
    const silentMs = now - this.#lastTouch

    if (silentMs >= timeoutMs) {
      if (this.#init.isExcused?.() !== true) {
        this[Symbol.dispose]()
        this.#init.onLost(silentMs)
        return
      }

      this.#lastTouch = now
    }

    if (silentMs < intervalMs) {
      this.#arm(this.#lastTouch + Math.min(intervalMs, timeoutMs))
      return
    }

    this.#arm(Math.min(now + intervalMs, this.#lastTouch + timeoutMs))
    this.#init.ping()
  }
}
