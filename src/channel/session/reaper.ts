import { after, TransientSet } from '../../base/index.ts'
import type { Clock, Timer } from '../../base/index.ts'

/** Something that is not kept for longer than a certain time. */
export interface Perishable {
  /** When its time began to run; `now` while it does not run. */
  runsSince(now: number): number
  expire(): void
}

/**
 * Ends what nobody came for in time, with one timer for all of it. The timer is not dropped when nothing is left,
 * as most things are come for at once: it finds nothing, and then is not set again.
 */
export class Reaper {
  readonly #clock: Clock
  readonly #ttlMs: number
  readonly #items = new TransientSet<Perishable>()
  #timer: Timer | undefined
  #isStopped = false

  constructor (clock: Clock, ttlMs: number) {
    this.#clock = clock
    this.#ttlMs = ttlMs
  }

  get size (): number {
    return this.#items.size
  }

  add (item: Perishable): void {
    if (this.#isStopped) {
      item.expire()
      return
    }

    this.#items.add(item)

    if (this.#timer == null && this.#ttlMs !== Infinity) {
      this.#wait(this.#ttlMs)
    }
  }

  delete (item: Perishable): void {
    this.#items.delete(item)
  }

  /** Waits no more. What is kept stays, without an end; what comes from now on expires at once. */
  stop (): void {
    this.#isStopped = true
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#items.clear()
  }

  #wait (ms: number): void {
    this.#timer = after(this.#clock, ms, this.#sweep, { background: true })
  }

  readonly #sweep = (): void => {
    const now = this.#clock.now()
    let next = Infinity

    this.#timer = undefined

    for (const item of this.#items) {
      const deadline = item.runsSince(now) + this.#ttlMs

      if (deadline <= now) {
        this.#items.delete(item)
        item.expire()
      } else {
        next = Math.min(next, deadline)
      }
    }

    if (this.#items.size > 0 && this.#timer == null) {
      this.#wait(next - now)
    }
  }
}
