/** What something came to, once. The promise is made when somebody asks: most channels are never asked. */
export class Outcome<T> {
  #value: T | undefined
  #asked: PromiseWithResolvers<T> | undefined
  #followed: { readonly closed: Promise<T> } | undefined

  get value (): T | undefined {
    return this.#value
  }

  /** It comes to what `other` comes to, which is asked only if somebody asks here. */
  follow (other: { readonly closed: Promise<T> }): void {
    this.#followed = other

    if (this.#asked != null && this.#value === undefined) {
      void other.closed.then((value) => { this.settle(value) })
    }
  }

  /** The first one counts. */
  settle (value: T): void {
    this.#value ??= value
    this.#asked?.resolve(this.#value)
  }

  get promise (): Promise<T> {
    if (this.#asked == null) {
      this.#asked = Promise.withResolvers()

      if (this.#value !== undefined) {
        this.#asked.resolve(this.#value)
      } else if (this.#followed != null) {
        void this.#followed.closed.then((value) => { this.settle(value) })
      }
    }

    return this.#asked.promise
  }
}
