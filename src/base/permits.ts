import { TransientSet } from './transient.ts'

/** The right to use one unit of something bounded. Give it back by disposing of it; twice does nothing. */
export type Permit = Disposable

/**
 * A bounded number of units, handed out first come, first served.
 *
 * A waiter that aborts leaves the queue at once and never receives one.
 */
export class Permits {
  readonly max: number
  #used = 0
  /** By whoever waits, how it learns that one is its own. */
  readonly #waiters = new TransientSet<() => void>()

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
    return this.tryTake() ? this.#permit() : undefined
  }

  /**
   * Waits for a permit.
   *
   * @throws the signal's reason when it aborts first
   */
  async acquire (signal?: AbortSignal): Promise<Permit> {
    await this.take(signal)

    return this.#permit()
  }

  /** As `tryAcquire`, without an object: whoever takes calls `giveBack`, once. */
  tryTake (): boolean {
    const isFree = this.#used < this.max && this.#waiters.size === 0

    this.#used += isFree ? 1 : 0

    return isFree
  }

  /**
   * As `acquire`, without an object: whoever takes calls `giveBack`, once.
   *
   * @throws the signal's reason when it aborts first
   */
  async take (signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()

    if (this.tryTake()) {
      return
    }

    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = (): void => {
      if (this.#waiters.delete(resolve)) {
        reject(signal?.reason)
      }
    }

    this.#waiters.add(resolve)
    signal?.addEventListener('abort', onAbort, { once: true })

    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** What was taken goes to whoever waits longest. */
  giveBack (): void {
    const waiter = this.#waiters.first()

    if (waiter == null) {
      this.#used--
    } else {
      // out of the queue before it is answered: its abort must not reject what was granted
      this.#waiters.delete(waiter)
      waiter()
    }
  }

  #permit (): Permit {
    let isHeld = true

    return {
      [Symbol.dispose]: () => {
        if (isHeld) {
          isHeld = false
          this.giveBack()
        }
      }
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
