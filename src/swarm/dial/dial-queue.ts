/**
 * Addresses that wait for their turn. Those that are due at the same moment are one batch: they
 * start together, in the order in which they came.
 *
 * Every look is a walk over all entries. There are no more than the addresses of one peer, and a
 * heap would have to find an entry that moves or leaves by walking too.
 */
export class DialQueue {
  readonly #dueAt = new Map<string, number>()

  get size (): number {
    return this.#dueAt.size
  }

  /** When the next batch is due; undefined when nothing waits. */
  get earliest (): number | undefined {
    let earliest: number | undefined

    for (const dueAt of this.#dueAt.values()) {
      if (earliest == null || dueAt < earliest) {
        earliest = dueAt
      }
    }

    return earliest
  }

  /** When this address is due; undefined when it does not wait. */
  dueAt (key: string): number | undefined {
    return this.#dueAt.get(key)
  }

  /** Adds an address. One that waits already keeps its place in the order and takes this moment. */
  add (key: string, dueAt: number): void {
    this.#dueAt.set(key, dueAt)
  }

  /** Adds an address, or moves one that waits already to this moment if that is sooner. */
  hasten (key: string, dueAt: number): void {
    this.add(key, Math.min(dueAt, this.#dueAt.get(key) ?? Infinity))
  }

  /** Whether the address was there. */
  remove (key: string): boolean {
    return this.#dueAt.delete(key)
  }

  /** Takes out all addresses that are due first. */
  nextBatch (): string[] {
    const earliest = this.earliest
    const batch: string[] = []

    for (const [key, dueAt] of this.#dueAt) {
      if (dueAt === earliest) {
        this.#dueAt.delete(key)
        batch.push(key)
      }
    }

    return batch
  }
}
