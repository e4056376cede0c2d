/** Counts, and tells who waits for a number. */
export class Tally {
  #count = 0
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>()

  add (): void {
    this.#count++
    this.#waiting.get(this.#count)?.resolve()
  }

  /** Resolves when it has come to `count`. */
  reaches (count: number): Promise<void> {
    const waiting = this.#waiting.get(count) ?? Promise.withResolvers<void>()

    this.#waiting.set(count, waiting)

    if (this.#count >= count) {
      waiting.resolve()
    }

    return waiting.promise
  }
}
