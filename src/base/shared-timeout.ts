import { after } from './clock.ts'
import { TransientMap } from './transient.ts'
import type { Clock, Timer, TimerOptions } from './clock.ts'

/** Something that has begun, and should not take too long. */
export interface Pending {
  onTimeout(): void
}

/**
 * The same timeout for many things, with one timer: all have as long, so that they are due in the order in
 * which they began. While nothing is pending, no timer is set.
 */
export class SharedTimeout implements Disposable {
  readonly timeoutMs: number
  readonly #clock: Clock
  readonly #options: TimerOptions
  /** What is pending, and when it is due. */
  readonly #pending = new TransientMap<Pending, number>()
  #timer: Timer | undefined

  /** `timeoutMs` counts from `add` on; `Infinity` is never. */
  constructor (clock: Clock, timeoutMs: number, options: TimerOptions = {}) {
    this.#clock = clock
    this.#options = options
    this.timeoutMs = timeoutMs
  }

  add (pending: Pending): void {
    if (this.timeoutMs !== Infinity) {
      this.#pending.set(pending, this.#clock.now() + this.timeoutMs)
      this.#timer ??= after(this.#clock, this.timeoutMs, this.#onTimer, this.#options)
    }
  }

  /** It is done, or nobody waits for it any more. Deleting what is not there does nothing. */
  delete (pending: Pending): void {
    if (this.#pending.delete(pending) && this.#pending.size === 0) {
      this.#drop()
    }
  }

  /** Forgets all that is pending. */
  [Symbol.dispose] (): void {
    this.#pending.clear()
    this.#drop()
  }

  #drop (): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  readonly #onTimer = (): void => {
    const now = this.#clock.now()
    const due: Pending[] = []

    this.#timer = undefined

    for (const [pending, dueAt] of this.#pending) {
      if (dueAt > now) {
        this.#timer = this.#clock.at(dueAt, this.#onTimer, this.#options)
        break
      }

      due.push(pending)
    }

    for (const pending of due) {
      // who was told before may have ended this one
      if (this.#pending.has(pending)) {
        this.delete(pending)
        pending.onTimeout()
      }
    }
  }
}
