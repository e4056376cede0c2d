import { after } from './clock.ts'
import type { Clock, Timer } from './clock.ts'

/**
 * Waits for `promise`, but no longer than until `signal` aborts; then rejects with the signal's
 * reason, untouched. The work behind `promise` goes on: whoever started it must stop it.
 */
export function raceSignal<T> (promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal == null) {
    return promise
  }

  // not by `Promise.race`, nor by `await`: a dial waits like this a dozen times, and they make six promises where this makes two
  const { promise: raced, resolve, reject } = Promise.withResolvers<T>()
  const onAbort = (): void => {
    signal.removeEventListener('abort', onAbort)
    reject(signal.reason)
  }

  if (signal.aborted) {
    promise.catch(() => {}) // nobody will look at it again, and it must not become an unhandled rejection
    onAbort()

    return raced
  }

  signal.addEventListener('abort', onAbort)
  promise.then((value) => {
    signal.removeEventListener('abort', onAbort)
    resolve(value)
  }, (thrown: unknown) => {
    signal.removeEventListener('abort', onAbort)
    reject(thrown)
  })

  return raced
}

/**
 * As `raceSignal`, for work that is not to go on without whoever waits: when the signal aborts or the work
 * fails, `end` is called with that, which then also rejects.
 */
export async function raceOrEnd<T> (promise: Promise<T>, signal: AbortSignal | undefined, end: (thrown: unknown) => void): Promise<T> {
  try {
    return await raceSignal(promise, signal)
  } catch (thrown) {
    end(thrown)
    throw thrown
  }
}

export interface DeadlineInit {
  clock: Clock
  /** Milliseconds from now; `Infinity` sets no timer. */
  timeoutMs: number
  /** What the signal's reason becomes when the time is up. */
  onTimeout(): Error
  /** Aborts the deadline's signal too, with this signal's reason. */
  signal?: AbortSignal | undefined
}

/**
 * One signal for one operation: it aborts when the caller's signal does or when the time is up,
 * whichever comes first. Dispose it when the operation ends, and neither timer nor listener stays.
 */
export class Deadline implements Disposable {
  readonly signal: AbortSignal
  readonly #controller = new AbortController()
  readonly #parent: AbortSignal | undefined
  readonly #timer: Timer | undefined
  readonly #onParentAbort = (): void => { this.abort(this.#parent?.reason) }

  constructor ({ clock, timeoutMs, onTimeout, signal }: DeadlineInit) {
    this.signal = this.#controller.signal
    this.#parent = signal

    if (signal?.aborted === true) {
      this.#controller.abort(signal.reason)
      return
    }

    signal?.addEventListener('abort', this.#onParentAbort, { once: true })

    if (timeoutMs !== Infinity) {
      this.#timer = after(clock, timeoutMs, () => { this.abort(onTimeout()) })
    }
  }

  /** Ends the operation early. */
  abort (reason: unknown): void {
    this[Symbol.dispose]()
    this.#controller.abort(reason)
  }

  [Symbol.dispose] (): void {
    this.#timer?.[Symbol.dispose]()
    this.#parent?.removeEventListener('abort', this.#onParentAbort)
  }
}
