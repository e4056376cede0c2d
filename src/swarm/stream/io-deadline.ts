import { CodedError, raceSignal } from '../../base/index.ts'
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
  /** Whom to tell when it passes. */
  readonly #waiting = new Set<(error: Error) => void>()
  #passed: Error | undefined
  #timer: Timer | undefined

  constructor (clock: Clock, what: 'read' | 'write') {
    this.#clock = clock
    this.#what = what
  }

  /** @param when - milliseconds since the Unix epoch; null and Infinity lift the deadline */
  set (when: number | null): void {
    this[Symbol.dispose]()

    // a deadline that has passed holds until another one is set
    this.#passed = undefined

    if (when === null || when === Infinity) {
      return
    }

    if (when <= this.#clock.now()) {
      this.#expire(when)
    } else {
      this.#timer = this.#clock.at(when, () => { this.#expire(when) })
    }
  }

  /** @throws what calls get after the deadline */
  throwIfPassed (): void {
    if (this.#passed != null) {
      throw this.#passed
    }
  }

  /** Calls `fn` whenever the deadline passes. */
  onPass (fn: (error: Error) => void): void {
    this.#waiting.add(fn)
  }

  /** Waits for `promise`, but no longer than until the deadline, or until `signal` aborts. */
  async limit (promise: Promise<void>, signal?: AbortSignal): Promise<void> {
    const { promise: first, resolve, reject } = Promise.withResolvers<void>()

    promise.then(resolve, reject)
    this.#waiting.add(reject)

    if (this.#passed != null) {
      reject(this.#passed)
    }

    try {
      await (signal == null ? first : raceSignal(first, signal))
    } finally {
      this.#waiting.delete(reject)
    }
  }

  /** Runs `fn` with a signal that aborts at the deadline, or when `signal` does. */
  async bound<T> (fn: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const deadline = new AbortController()
    const onPass = (error: Error): void => { deadline.abort(error) }
    using either = new EitherSignal(signal, deadline.signal)

    if (this.#passed != null) {
      onPass(this.#passed)
    }

    this.#waiting.add(onPass)

    try {
      return await fn(either.signal)
    } finally {
      this.#waiting.delete(onPass)
    }
  }

  [Symbol.dispose] (): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #expire (when: number): void {
    const time = Math.abs(when) <= MAX_DATE_MS ? new Date(when).toISOString() : String(when)
    const error = new CodedError('StreamDeadline', `the ${this.#what} was not done at its deadline, ${time}`)

    this.#passed = error

    for (const tell of [...this.#waiting]) {
      tell(error)
    }
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
