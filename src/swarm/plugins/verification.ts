/** What is known about the reachability of one address. Times are in milliseconds since the Unix epoch. */
export interface Verification {
  verified: boolean
  /** After this it is worth another look. */
  expires: number
  lastVerified?: number
}

export function confirmed (now: number, ttlMs: number): Verification {
  return { verified: true, expires: now + ttlMs, lastVerified: now }
}

export function refuted (now: number, retryMs: number): Verification {
  return { verified: false, expires: now + retryMs }
}

/** Nobody has looked yet. */
export const UNVERIFIED: Readonly<Verification> = Object.freeze({ verified: false, expires: 0 })

/** A map that forgets its oldest entry rather than grow beyond `max`. */
export class BoundedMap<V> {
  readonly #max: number
  readonly #entries = new Map<string, V>()

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

    const oldest = this.#entries.keys().next().value

    if (this.#entries.size > this.#max && oldest != null) {
      this.#entries.delete(oldest)
    }
  }

  delete (key: string): boolean {
    return this.#entries.delete(key)
  }

  entries (): Array<[string, V]> {
    return [...this.#entries]
  }
}
