import { toError, TransientSet } from '../../base/index.ts'

/** An exhausted budget has room again below this part of its maximum, so that streams do not flap. */
export const BUDGET_RELEASE_RATIO = 7 / 8

export interface MemoryBudgetInit {
  /** Gets what a listener throws, and the news that more was removed than had been added. */
  onError?(error: Error): void
}

interface ReleaseListener {
  fn(): void
}

/**
 * Bytes held for readers, over all streams.
 *
 * It counts and tells, and never refuses: bytes that have arrived are there. Whoever reads
 * `exhausted` as true stops asking for more, and will be called by `onRelease`. An empty budget is
 * never exhausted, whatever its maximum, so that no stream waits for ever.
 */
export class MemoryBudget {
  readonly max: number
  readonly #onError: (error: Error) => void
  readonly #listeners = new TransientSet<ReleaseListener>()
  #used = 0
  #exhausted = false

  constructor (maxBytes: number, { onError = () => {} }: MemoryBudgetInit = {}) {
    if (!(maxBytes >= 0)) {
      throw new RangeError(`the bytes of a budget must be 0 or more, received ${maxBytes}`)
    }

    this.max = maxBytes
    this.#onError = onError
  }

  get used (): number {
    return this.#used
  }

  /** True from the moment the maximum is reached until there is room again. */
  get exhausted (): boolean {
    return this.#exhausted
  }

  add (bytes: number): void {
    checkBytes(bytes)
    this.#used += bytes

    if (this.#used > 0 && this.#used >= this.max) {
      this.#exhausted = true
    }
  }

  remove (bytes: number): void {
    checkBytes(bytes)

    if (bytes > this.#used) {
      this.#onError(new RangeError(`${bytes} bytes were given back to a budget that holds ${this.#used}`))
    }

    this.#used = Math.max(0, this.#used - bytes)

    if (this.#exhausted && (this.#used === 0 || this.#used < this.max * BUDGET_RELEASE_RATIO)) {
      this.#exhausted = false
      this.#release()
    }
  }

  /** Calls `fn` each time an exhausted budget has room again, until disposed of. */
  onRelease (fn: () => void): Disposable {
    const listener: ReleaseListener = { fn }

    this.#listeners.add(listener)

    return { [Symbol.dispose]: () => { this.#listeners.delete(listener) } }
  }

  #release (): void {
    for (const listener of [...this.#listeners]) {
      // those called before may have used up the room: the others then wait for the next time
      if (this.#exhausted) {
        return
      }

      if (this.#listeners.delete(listener)) {
        // to the end of the queue: next time those come first that went without this time
        this.#listeners.add(listener)
        this.#call(listener)
      }
    }
  }

  #call ({ fn }: ReleaseListener): void {
    try {
      fn()
    } catch (error) {
      this.#onError(toError(error))
    }
  }
}

function checkBytes (bytes: number): void {
  if (!(bytes >= 0) || bytes === Infinity) {
    throw new RangeError(`a number of bytes must be 0 or more, received ${bytes}`)
  }
}
