export interface RoundTripStatistics {
  minMs: number
  avgMs: number
  maxMs: number
  /** Standard deviation, as ping(8) calls it. */
  mdevMs: number
}

/** Counts and sums of pings, in memory that does not grow with them. */
export class RoundTrips {
  sent = 0
  #received = 0
  #min = Infinity
  #max = 0
  #mean = 0
  /** Sum of squared distances from the mean (Welford's algorithm). */
  #squares = 0

  get received (): number {
    return this.#received
  }

  add (ms: number): void {
    const distance = ms - this.#mean

    this.#received++
    this.#min = Math.min(this.#min, ms)
    this.#max = Math.max(this.#max, ms)
    this.#mean += distance / this.#received
    this.#squares += distance * (ms - this.#mean)
  }

  statistics (): RoundTripStatistics | undefined {
    if (this.#received === 0) {
      return undefined
    }

    return {
      minMs: this.#min,
      avgMs: this.#mean,
      maxMs: this.#max,
      mdevMs: Math.sqrt(this.#squares / this.#received)
    }
  }
}
