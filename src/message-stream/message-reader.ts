import type { Uint8ArrayList } from 'uint8arraylist'

/** How the reading of a stream ended: with `error`, or gracefully. */
export interface ReadEnd {
  error?: Error | undefined
}

/** What a reader asks of its stream. */
export interface ReadSource {
  addReader(reader: MessageReader): void
  removeReader(reader: MessageReader): void
  /** Gives what is here to all readers, if all are hungry, and tells them of the end when there is one. */
  deliver(): void
}

type Result = IteratorResult<Uint8ArrayList, undefined>

const DONE: Result = { done: true, value: undefined }

/**
 * Iteration over a stream, which takes nothing before it is asked for: a slow consumer leaves bytes with
 * the stream, where they hold back the peer. Ends with the stream, whenever it starts.
 */
export class MessageReader implements AsyncIterableIterator<Uint8ArrayList, undefined> {
  readonly #source: ReadSource
  #waiting: Array<PromiseWithResolvers<Result>> = []
  #state: 'new' | 'reading' | 'done' = 'new'

  constructor (source: ReadSource) {
    this.#source = source
  }

  /** Whether somebody waits for bytes. */
  get isHungry (): boolean {
    return this.#waiting.length > 0
  }

  async next (): Promise<Result> {
    if (this.#state === 'done') {
      return DONE
    }

    if (this.#state === 'new') {
      this.#state = 'reading'
      this.#source.addReader(this)
    }

    const waiter = Promise.withResolvers<Result>()

    this.#waiting.push(waiter)
    this.#source.deliver()

    return waiter.promise
  }

  async return (): Promise<Result> {
    this.end({})

    return DONE
  }

  give (bytes: Uint8ArrayList): void {
    this.#waiting.shift()?.resolve({ done: false, value: bytes })
  }

  /** Of all that wait, the first is told of an error. */
  end ({ error }: ReadEnd): void {
    if (this.#state === 'done' || (error != null && !this.isHungry)) {
      return
    }

    this.#state = 'done'
    this.#source.removeReader(this)

    if (error != null) {
      this.#waiting.shift()?.reject(error)
    }

    for (const waiter of this.#waiting.splice(0)) {
      waiter.resolve(DONE)
    }
  }

  [Symbol.asyncIterator] (): this {
    return this
  }
}
