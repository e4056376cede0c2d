import type { Uint8ArrayList } from 'uint8arraylist'

type Result = IteratorResult<Uint8ArrayList, undefined>

/** A loop over a stream: hungry while its `next` waits. */
interface Reader {
  waiting: PromiseWithResolvers<Result> | undefined
}

export interface StreamReadersInit {
  /** A reader has become hungry, or has left. */
  onChange(): void
}

/**
 * The async iterations over one stream. Each gets every message, and the slowest sets the pace: nothing
 * is taken from the stream before all of them ask, so that none needs a queue.
 */
export class StreamReaders {
  readonly #init: StreamReadersInit
  readonly #readers = new Set<Reader>()

  constructor (init: StreamReadersInit) {
    this.#init = init
  }

  get size (): number {
    return this.#readers.size
  }

  /** Whether the next message would find everybody waiting for it. */
  get allHungry (): boolean {
    for (const reader of this.#readers) {
      if (reader.waiting == null) {
        return false
      }
    }

    return true
  }

  deliver (message: Uint8ArrayList): void {
    this.#settle((waiting) => { waiting.resolve({ done: false, value: message }) })
  }

  /** Ends the loops that wait; those that ask later are ended when they do. */
  end (): void {
    this.#settle((waiting) => { waiting.resolve({ done: true, value: undefined }) })
  }

  fail (error: Error): void {
    this.#settle((waiting) => { waiting.reject(error) })
  }

  iterate (): AsyncGenerator<Uint8ArrayList, undefined, void> {
    return this.#iterate({ waiting: undefined })
  }

  async * #iterate (reader: Reader): AsyncGenerator<Uint8ArrayList, undefined, void> {
    this.#readers.add(reader)

    try {
      for (;;) {
        const { done, value } = await this.#next(reader)

        if (done === true) {
          return undefined
        }

        yield value
      }
    } finally {
      this.#readers.delete(reader)
      this.#init.onChange()
    }
  }

  async #next (reader: Reader): Promise<Result> {
    const waiting = Promise.withResolvers<Result>()

    reader.waiting = waiting
    this.#init.onChange()

    return waiting.promise
  }

  #settle (fn: (waiting: PromiseWithResolvers<Result>) => void): void {
    for (const reader of this.#readers) {
      const { waiting } = reader

      if (waiting != null) {
        reader.waiting = undefined
        fn(waiting)
      }
    }
  }
}
