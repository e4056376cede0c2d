import { CodedError, Permits } from '../base/index.ts'

/** One at a time for each key, in the order in which they came. */
export class Turns {
  readonly #maxWaiting: number
  readonly #permits = new Map<string, Permits>()

  constructor (maxWaiting: number) {
    this.#maxWaiting = maxWaiting
  }

  /** Keys that somebody uses or waits for. */
  get keys (): number {
    return this.#permits.size
  }

  /**
   * Waits for the turn of `key`, which lasts until what comes back is disposed of.
   *
   * @throws the signal's reason when it aborts first
   * @throws CodedError ResourceLimit when too many wait already
   */
  async take (key: string, signal?: AbortSignal): Promise<Disposable> {
    const permits = this.#permits.get(key) ?? new Permits(1)

    if (permits.waiting >= this.#maxWaiting) {
      throw new CodedError('ResourceLimit', `${permits.waiting} callers wait to use the peer store for ${key} already, and ${this.#maxWaiting} are allowed`)
    }

    signal?.throwIfAborted()
    this.#permits.set(key, permits)

    const permit = await permits.acquire(signal)

    return {
      [Symbol.dispose]: () => {
        permit[Symbol.dispose]()

        if (permits.used === 0 && this.#permits.get(key) === permits) {
          this.#permits.delete(key)
        }
      }
    }
  }
}
