/** Deletions after which a collection is made anew, if it is not larger than half of that. */
const RENEWAL = 64

/**
 * A set of things that come and go, as streams and calls do.
 *
 * It is as `Set`, and made anew from time to time. For V8 links each table of a set to the one that takes its place, and keeps
 * dead tables of the old generation until it collects everything: so after one full collection all that was ever in a busy
 * set, and all that this refers to, survives the collections of the young generation, which then take a hundred times as long.
 */
export class TransientSet<T> implements Iterable<T> {
  #items = new Set<T>()
  #deleted = 0
  /** Those that look at all items now, and must see what happens to them meanwhile. */
  #walks = 0

  get size (): number {
    return this.#items.size
  }

  has (item: T): boolean {
    return this.#items.has(item)
  }

  add (item: T): void {
    this.#items.add(item)
  }

  /** Whether it was there. */
  delete (item: T): boolean {
    const wasThere = this.#items.delete(item)

    if (wasThere) {
      this.#deleted++
      this.#renewWhenDue()
    }

    return wasThere
  }

  clear (): void {
    this.#items.clear()
  }

  /** What came before all others that are there. */
  first (): T | undefined {
    return this.#items.values().next().value
  }

  /** In the order of coming; with what comes, and without what goes, meanwhile. */
  * [Symbol.iterator] (): Generator<T> {
    this.#walks++

    try {
      yield * this.#items
    } finally {
      this.#walks--
      this.#renewWhenDue()
    }
  }

  #renewWhenDue (): void {
    if (this.#deleted >= RENEWAL && this.#walks === 0 && this.#deleted >= 2 * this.#items.size) {
      this.#items = new Set(this.#items)
      this.#deleted = 0
    }
  }
}

/** As `TransientSet`, by keys. */
export class TransientMap<K, V> implements Iterable<[K, V]> {
  #items = new Map<K, V>()
  #deleted = 0
  #walks = 0

  get size (): number {
    return this.#items.size
  }

  has (key: K): boolean {
    return this.#items.has(key)
  }

  get (key: K): V | undefined {
    return this.#items.get(key)
  }

  set (key: K, value: V): void {
    this.#items.set(key, value)
  }

  /** Whether it was there. */
  delete (key: K): boolean {
    const wasThere = this.#items.delete(key)

    if (wasThere) {
      this.#deleted++
      this.#renewWhenDue()
    }

    return wasThere
  }

  clear (): void {
    this.#items.clear()
  }

  /** What came before all others that are there. */
  first (): [K, V] | undefined {
    return this.#items.entries().next().value
  }

  * values (): Generator<V> {
    for (const [, value] of this) {
      yield value
    }
  }

  * [Symbol.iterator] (): Generator<[K, V]> {
    this.#walks++

    try {
      yield * this.#items
    } finally {
      this.#walks--
      this.#renewWhenDue()
    }
  }

  #renewWhenDue (): void {
    if (this.#deleted >= RENEWAL && this.#walks === 0 && this.#deleted >= 2 * this.#items.size) {
      this.#items = new Map(this.#items)
      this.#deleted = 0
    }
  }
}
