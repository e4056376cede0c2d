import { TransientSet } from '../../base/index.ts'
import type { Clock, Timer, TimerOptions } from '../../base/index.ts'

/** Something that ends at a certain time, on the clock of its Expiry. */
export interface Expiring {
  readonly expiresAt: number
  expire(): void
}

/** Ends things at their time, with one timer for all of them. */
export class Expiry {
  readonly #clock: Clock
  readonly #options: TimerOptions
  readonly #items = new TransientSet<Expiring>()
  #timer: Timer | undefined
  #when = Infinity

  constructor (clock: Clock, options: TimerOptions = {}) {
    this.#clock = clock
    this.#options = options
  }

  add (item: Expiring): void {
    this.#items.add(item)
    this.#wait(item.expiresAt)
  }

  /** The timer stays for a while: the next call most likely has the same time. */
  delete (item: Expiring): void {
    this.#items.delete(item)
  }

  /** Drops the timer if nothing waits for it. */
  rest (): void {
    if (this.#items.size === 0) {
      this.#drop()
    }
  }

  #wait (when: number): void {
    if (when < this.#when) {
      this.#drop()
      this.#when = when
      this.#timer = this.#clock.at(when, this.#sweep, this.#options)
    }
  }

  #drop (): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#when = Infinity
  }

  readonly #sweep = (): void => {
    const now = this.#clock.now()
    let next = Infinity

    this.#drop()

    for (const item of this.#items) {
      if (item.expiresAt <= now) {
        this.#items.delete(item)
        item.expire()
      } else {
        next = Math.min(next, item.expiresAt)
      }
    }

    if (this.#items.size > 0) {
      this.#wait(next)
    }
  }
}
