/** The right to use one unit of something bounded. Give it back by disposing of it; twice does nothing. */
export type Permit = Disposable

interface Waiter {
  resolve(permit: Permit): void
}

/**
 * A bounded number of permits, handed out first come, first served.
 *
 * A waiter that aborts leaves the queue at once and never receives a permit.
 */
export class Permits {
  readonly max: number
  #used = 0
  readonly #waiters = new Set<Waiter>()

  constructor (max: number) {
    if (!(max >= 0)) {
      throw new RangeError(`the number of permits must be 0 or more, received ${max}`)
    }

    this.max = max
  }

  /** Permits handed out and not yet given back. */
  get used (): number {
    return this.#used
  }

  /** Callers in the queue. */
  get waiting (): number {
    return this.#waiters.size
  }

  /** A permit if one is free now, and nobody waits for it. */
  tryAcquire (): Permit | undefined {
    if (this.#used >= this.max || this.#waiters.size > 0) {
      return undefined
    }

    return this.#issue()
  }

  /**
   * Waits for a permit.
   *
   * @throws the signal's reason when it aborts first
   */
  async acquire (signal?: AbortSignal): Promise<Permit> {
    signal?.throwIfAborted()

    const free = this.tryAcquire()

    if (free != null) {
      return free
    }

    const { promise, resolve, reject } = Promise.withResolvers<Permit>()
    const waiter: Waiter = { resolve }
    const onAbort = (): void => {
      if (this.#waiters.delete(waiter)) {
        reject(signal?.reason)
      }
    }

    this.#waiters.add(waiter)
    signal?.addEventListener('abort', onAbort, { once: true })

    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #issue (): Permit {
    let held = true
    this.#used++

    return {
      [Symbol.dispose]: () => {
        if (held) {
          held = false
          this.#release()
        }
      }
    }
  }

  #release (): void {
    this.#used--

    const waiter = this.#waiters.values().next().value

    if (waiter != null) {
      // out of the queue before it is answered: its abort must not reject what was granted
      this.#waiters.delete(waiter)
      waiter.resolve(this.#issue())
    }
  }
}

/** Runs `work` while `held` is held, and gives it back whatever comes of that. */
export async function holding<T> (held: Disposable | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    held?.[Symbol.dispose]()
  }
}
