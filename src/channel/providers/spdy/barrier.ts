/** A stream of ours that a message refers to. */
export interface Referred {
  /** Whether the other side has it, or never will. */
  readonly isSettled: boolean
  /** The message has left, or never will. */
  onCarried(): void
}

/** When so many passed barriers lie before the others, the array is cut. */
const COMPACT_AT = 64

/**
 * Places in what is written on a stream from which on it refers to others. Go libchan needs an order there.
 *
 * A message leaves when what it refers to was accepted: Go takes streams and messages in no fixed order, and gives a
 * message up when ten other streams came before the one that it refers to.
 *
 * What is written on a stream leaves behind the message that refers to it: fifty frames that nobody can read yet stop
 * Go from reading anything, that message included.
 */
export class Barriers {
  #barriers: Array<{ readonly at: number, readonly referred: Referred }> = []
  /** Those before are settled; of those, the first so many have been told that they were carried. */
  #settled = 0
  #carried = 0

  /** What is written behind `at` refers to `referred`. Places only grow. */
  add (at: number, referred: Referred): void {
    this.#barriers.push({ at, referred })
  }

  /** Up to where bytes may leave. */
  get next (): number {
    while (this.#barriers[this.#settled]?.referred.isSettled === true) {
      this.#settled++
    }

    return this.#barriers[this.#settled]?.at ?? Infinity
  }

  /** Bytes have left up to `sent`, or no more will, for which it is Infinity. */
  pass (sent: number): void {
    for (let barrier = this.#barriers[this.#carried]; barrier != null && barrier.at < sent; barrier = this.#barriers[this.#carried]) {
      this.#carried++
      barrier.referred.onCarried()
    }

    if (this.#carried === this.#barriers.length || this.#carried >= COMPACT_AT) {
      this.#barriers = this.#barriers.slice(this.#carried)
      this.#settled = Math.max(0, this.#settled - this.#carried)
      this.#carried = 0
    }
  }
}
