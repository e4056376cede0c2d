import type { Clock, Timer } from '../base/index.ts'

interface Entry {
  when: number
  order: number
  fn(): void
}

/** A clock that moves only when told to. Timers fire in order of time, then of their making. */
export class FakeClock implements Clock {
  #now: number
  #order = 0
  readonly #entries = new Set<Entry>()

  constructor (startMs = 1_000_000) {
    this.#now = startMs
  }

  now (): number {
    return this.#now
  }

  at (when: number, fn: () => void): Timer {
    const entry: Entry = { when, order: this.#order++, fn }

    this.#entries.add(entry)

    return { [Symbol.dispose]: () => { this.#entries.delete(entry) } }
  }

  /** Timers that have neither fired nor been dropped. */
  get pending (): number {
    return this.#entries.size
  }

  /** When the next timer fires, or undefined. */
  get next (): number | undefined {
    return this.#earliest()?.when
  }

  /** Moves time forward, firing what falls due, and lets promises settle after every firing. */
  async advance (ms: number): Promise<void> {
    const end = this.#now + ms

    await settle()

    for (let entry = this.#earliest(); entry != null && entry.when <= end; entry = this.#earliest()) {
      this.#entries.delete(entry)
      this.#now = Math.max(this.#now, entry.when)
      entry.fn()
      await settle()
    }

    this.#now = end
    await settle()
  }

  #earliest (): Entry | undefined {
    let earliest: Entry | undefined

    for (const entry of this.#entries) {
      if (earliest == null || entry.when < earliest.when || (entry.when === earliest.when && entry.order < earliest.order)) {
        earliest = entry
      }
    }

    return earliest
  }
}

/** Lets every promise that can settle without time or I/O do so. */
export async function settle (): Promise<void> {
  await new Promise<void>((resolve) => { setImmediate(resolve) })
}
