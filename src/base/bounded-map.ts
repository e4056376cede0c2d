import { TransientMap } from './transient.ts'

/** A map that forgets its oldest entry rather than grow beyond `max`. What is set anew is the youngest. */
export class BoundedMap<V> {
  readonly #max: number
  readonly #entries = new TransientMap<string, V>()

  constructor (max: number) {
    this.#max = max
  }

  get (key: string): V | undefined {
    return this.#entries.get(key)
  }

  has (key: string): boolean {
    return this.#entries.has(key)
  }

  set (key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)

    if (this.#entries.size > this.#max) {
      const [oldest = key] = this.#entries.first() ?? []

      this.#entries.delete(oldest)
    }
  }

  delete (key: string): boolean {
    return this.#entries.delete(key)
  }

  clear (): void {
    this.#entries.clear()
  }

  entries (): Array<[string, V]> {
    return [...this.#entries]
  }
}
