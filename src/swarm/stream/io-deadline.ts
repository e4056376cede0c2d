import { CodedError } from '../../base/index.ts'
import type { Clock, Timer } from '../../base/index.ts'

/** The last moment that a Date can name (ECMA-262, 21.4.1.1). */
const MAX_DATE_MS = 8.64e15

/**
 * The time by which one direction of a stream must be done. It may be set, moved and lifted while
 * calls wait, and holds for those, too.
 */
export class IoDeadline implements Disposable {
  readonly #clock: Clock
  readonly #what: 'read' | 'write'
  #controller: AbortController | undefined
  #timer: Timer | undefined

  constructor (clock: Clock, what: 'read' | 'write') {
    this.#clock = clock
    this.#what = what
  }

  /** @param when - milliseconds since the Unix epoch; null and Infinity lift the deadline */
  set (when: number | null): void {
    this[Symbol.dispose]()

    // a deadline that has passed holds until another one is set
    if (this.#controller?.signal.aborted === true) {
      this.#controller = undefined
    }

    if (when === null || when === Infinity) {
      return
    }

    if (when <= this.#clock.now()) {
      this.#expire(when)
    } else {
      this.#timer = this.#clock.at(when, () => { this.#expire(when) })
    }
  }

  /** Runs `fn` with a signal that aborts at the deadline, or when `signal` does. */
  async bound<T> (fn: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#controller ??= new AbortController()

    if (signal == null) {
      return fn(this.#controller.signal)
    }

    using either = new EitherSignal(signal, this.#controller.signal)

    return await fn(either.signal)
  }

  [Symbol.dispose] (): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #expire (when: number): void {
    const time = Math.abs(when) <= MAX_DATE_MS ? new Date(when).toISOString() : String(when)

    this.#controller ??= new AbortController()
    this.#controller.abort(new CodedError('StreamDeadline', `the ${this.#what} was not done at its deadline, ${time}`))
  }
}

/** What `AbortSignal.any` makes, but it leaves nothing behind in signals that live long. */
export class EitherSignal implements Disposable {
  readonly signal: AbortSignal
  readonly #controller = new AbortController()
  readonly #parents: AbortSignal[]
  readonly #onAbort = (event: Event): void => { this.#controller.abort((event.target as AbortSignal).reason) }

  constructor (...parents: Array<AbortSignal | undefined>) {
    this.signal = this.#controller.signal
    this.#parents = parents.filter((parent) => parent != null)

    const aborted = this.#parents.find((parent) => parent.aborted)

    if (aborted != null) {
      this.#controller.abort(aborted.reason)
      return
    }

    for (const parent of this.#parents) {
      parent.addEventListener('abort', this.#onAbort, { once: true })
    }
  }

  [Symbol.dispose] (): void {
    for (const parent of this.#parents) {
      parent.removeEventListener('abort', this.#onAbort)
    }
  }
}
