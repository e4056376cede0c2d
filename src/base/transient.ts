/** Deletions after which a collection is made anew, if it is not larger than half of that. */
const RENEWAL = 64

/** What a `Set` and a `Map` have in common. */
interface Collection<K, Entry> extends Iterable<Entry> {
  readonly size: number
  has(key: K): boolean
  delete(key: K): boolean
  clear(): void
}

/**
 * A collection of things that come and go, as streams and calls do.
 *
 * It is as `Set` or `Map`, and made anew from time to time. For V8 links each table of those to the one that takes its place, and
 * keeps dead tables of the old generation until it collects everything: so after one full collection all that was ever in a
 * busy one, and all that this refers to, survives the collections of the young generation, which then take a hundred times as long.
 */
abstract class Transient<K, Entry, Items extends Collection<K, Entry>> implements Iterable<Entry> {
  /** None while there is nothing to keep: most connections are idle, and have a dozen of these. */
  protected items: Items | undefined
  #deleted = 0
  /** Those that look at all items now, and must see what happens to them meanwhile. */
  #walks = 0

  get size (): number {
    return this.items?.size ?? 0
  }

  has (key: K): boolean {
    return this.items?.has(key) ?? false
  }

  /** Whether it was there. */
  delete (key: K): boolean {
    const { items } = this

    if (items?.has(key) !== true) {
      return false
    }

    if (items.size === 1 && this.#walks === 0) {
      this.#drop()
    } else {
      items.delete(key)
      this.#deleted++
      this.#renewWhenDue()
    }

    return true
  }

  clear (): void {
    if (this.#walks === 0) {
      this.#drop()
    } else {
      this.items?.clear()
    }
  }

  /** What came before all others that are there. */
  first (): Entry | undefined {
    const [first] = this.items ?? []

    return first
  }

  /** In the order of coming; with what comes, and without what goes, meanwhile. */
  * [Symbol.iterator] (): Generator<Entry> {
    this.#walks++

    try {
      yield * this.items ?? []
    } finally {
      this.#walks--
      this.#renewWhenDue()
    }
  }

  /** The same items in another collection. */
  protected abstract copy (items: Items): Items

  /** With the last item its collection goes, so that there is nothing to renew in most. */
  #drop (): void {
    this.items = undefined
    this.#deleted = 0
  }

  #renewWhenDue (): void {
    const { items } = this

    if (items == null || this.#walks > 0) {
      return
    }

    if (items.size === 0) {
      this.#drop()
    } else if (this.#deleted >= RENEWAL && this.#deleted >= 2 * items.size) {
      this.items = this.copy(items)
      this.#deleted = 0
    }
  }
}

/** A `Set` of what comes and goes. */
export class TransientSet<T> extends Transient<T, T, Set<T>> {
  add (item: T): void {
    this.items ??= new Set()
    this.items.add(item)
  }

  /** Takes away what came before all others that are there. */
  shift (): T | undefined {
    const item = this.first()

    if (item !== undefined) {
      this.delete(item)
    }

    return item
  }

  protected override copy (items: Set<T>): Set<T> {
    return new Set(items)
  }
}

/** A `Map` of what comes and goes. */
export class TransientMap<K, V> extends Transient<K, [K, V], Map<K, V>> {
  get (key: K): V | undefined {
    return this.items?.get(key)
  }

  set (key: K, value: V): void {
    this.items ??= new Map()
    this.items.set(key, value)
  }

  * keys (): Generator<K> {
    for (const [key] of this) {
      yield key
    }
  }

  * values (): Generator<V> {
    for (const [, value] of this) {
      yield value
    }
  }

  protected override copy (items: Map<K, V>): Map<K, V> {
    return new Map(items)
  }
}
