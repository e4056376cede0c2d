import { after } from '../../base/index.ts'
import type { Clock, Timer } from '../../base/index.ts'

export interface InactivityInit {
  clock: Clock
  /** A number that changes with every byte, in either direction. */
  activity(): number
  onInactive(timeoutMs: number): void
}

/** Finds that nothing moved for a time that may be changed while it runs. */
export class Inactivity implements Disposable {
  readonly #init: InactivityInit
  #timeoutMs = Infinity
  #timer: Timer | undefined

  constructor (init: InactivityInit) {
    this.#init = init
  }

  get timeoutMs (): number {
    return this.#timeoutMs
  }

  /** 0 and Infinity are never. */
  set timeoutMs (timeoutMs: number) {
    this.#timeoutMs = timeoutMs
    this[Symbol.dispose]()

    if (timeoutMs > 0 && timeoutMs !== Infinity) {
      this.#watch(this.#init.activity())
    }
  }

  [Symbol.dispose] (): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #watch (before: number): void {
    this.#timer = after(this.#init.clock, this.#timeoutMs, () => {
      const now = this.#init.activity()

      if (now === before) {
        this.#init.onInactive(this.#timeoutMs)
      } else {
        this.#watch(now)
      }
    }, { background: true })
  }
}
