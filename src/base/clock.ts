/** A timer that can be dropped. Dropping one that has fired, or twice, does nothing. */
export type Timer = Disposable

export interface TimerOptions {
  /** A background timer does not keep the process alive (Node's `unref`). */
  background?: boolean
}

/** Where time comes from. Everything that waits or measures takes one, so that tests own the time. */
export interface Clock {
  /** Milliseconds since some fixed point; never runs backwards. */
  now(): number
  /** Calls `fn` once, when `now()` has reached `when`; a time in the past fires on the next turn. */
  at(when: number, fn: () => void, options?: TimerOptions): Timer
}

/** setTimeout takes a 32-bit count of milliseconds; longer waits are cut and set again. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** Looked up once: it is asked for with every stream. */
const { timeOrigin } = performance

/** The machine's monotonic clock, set to count from the Unix epoch. */
export const systemClock: Clock = {
  now: () => timeOrigin + performance.now(),

  at (when, fn, options = {}) {
    return new SystemTimer(when, fn, options)
  }
}

class SystemTimer implements Timer {
  readonly #when: number
  readonly #fn: () => void
  readonly #isBackground: boolean
  #handle: ReturnType<typeof setTimeout> | undefined

  constructor (when: number, fn: () => void, { background = false }: TimerOptions) {
    this.#when = when
    this.#fn = fn
    this.#isBackground = background
    this.#arm()
  }

  [Symbol.dispose] (): void {
    clearTimeout(this.#handle)
  }

  #arm (): void {
    const delay = Math.max(0, this.#when - systemClock.now())

    this.#handle = delay > MAX_TIMEOUT_MS
      ? setTimeout(() => { this.#arm() }, MAX_TIMEOUT_MS)
      : setTimeout(this.#fn, Math.ceil(delay))

    // in browsers a handle is a number, and no timer keeps anything alive
    if (this.#isBackground && typeof this.#handle === 'object') {
      this.#handle.unref()
    }
  }
}

/** Calls `fn` once, `delayMs` from now. */
export function after (clock: Clock, delayMs: number, fn: () => void, options?: TimerOptions): Timer {
  return clock.at(clock.now() + delayMs, fn, options)
}

/** Resolves `delayMs` from now, or rejects with the signal's reason. */
export async function pause (clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()

  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => { reject(signal?.reason) }
  const timer = after(clock, delayMs, resolve)

  signal?.addEventListener('abort', onAbort, { once: true })

  try {
    await promise
  } finally {
    timer[Symbol.dispose]()
    signal?.removeEventListener('abort', onAbort)
  }
}
