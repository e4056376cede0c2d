/** Counts what goes on, and lets one wait until that is less. */
export class Load {
  #count = 0
  #waiting: { readonly below: number, resolve (): void } | undefined

  get count (): number {
    return this.#count
  }

  begin (): void {
    this.#count++
  }

  end (): void {
    this.#count--

    if (this.#waiting != null && this.#count < this.#waiting.below) {
      this.release()
    }
  }

  /** Lets go whoever waits. */
  release (): void {
    this.#waiting?.resolve()
    this.#waiting = undefined
  }

  /** Resolves when fewer than `below` go on, or at `release`. One waits at a time. */
  async fewerThan (below: number): Promise<void> {
    if (this.#count >= below) {
      const { promise, resolve } = Promise.withResolvers<void>()

      this.#waiting = { below, resolve }
      await promise
    }
  }
}
