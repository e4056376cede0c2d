import { DialQueue } from './dial-queue.ts'
import type { Clock, Timer } from '../../base/index.ts'

/** Due before everything else, and not to be held back. */
export const AT_ONCE = -Infinity

/**
 * Says when the turn of each address has come. What is due at the same moment starts together; when
 * nothing is in flight the next batch need not wait; and a dial that has got far can hold the next
 * batch back for a while.
 */
export class DialPacer {
  readonly #clock: Clock
  readonly #start: (key: string) => void
  readonly #queue = new DialQueue()
  /** Dials in flight, and until when each holds back what is queued. */
  readonly #inFlight = new Map<string, number>()
  #timer: Timer | undefined

  /**
   * @param clock - time
   * @param start - begins the dial of an address, which is in flight until `forget`
   */
  constructor (clock: Clock, start: (key: string) => void) {
    this.#clock = clock
    this.#start = start
  }

  /** Adds an address, or lets one that is queued start sooner. Nothing starts before `pace`. */
  queue (key: string, dueAt: number): void {
    this.#queue.hasten(key, dueAt)
  }

  /** The address has failed, has connected, or is not needed any more. */
  forget (key: string): void {
    this.#queue.remove(key)
    this.#inFlight.delete(key)
  }

  /** Keeps the queue back until this moment, or until this dial is forgotten. */
  hold (key: string, until: number): void {
    if (this.#inFlight.has(key)) {
      this.#inFlight.set(key, until)
    }
  }

  /** Starts what is due, and sets the timer for the rest. Call it after every change. */
  pace (): void {
    for (;;) {
      this.#timer?.[Symbol.dispose]()
      this.#timer = undefined

      const nextAt = this.#nextAt()

      if (nextAt > this.#clock.now()) {
        this.#wait(nextAt)
        return
      }

      this.#startBatch()
    }
  }

  #nextAt (): number {
    const earliest = this.#queue.earliest

    if (earliest == null) {
      return Infinity
    }

    return this.#inFlight.size === 0 || earliest === AT_ONCE ? AT_ONCE : Math.max(earliest, ...this.#inFlight.values())
  }

  #wait (until: number): void {
    if (until !== Infinity) {
      this.#timer = this.#clock.at(until, () => { this.pace() })
    }
  }

  #startBatch (): void {
    const batch = this.#queue.nextBatch()

    // all of them are in flight before the first starts: what it sets off must not start the next batch
    for (const key of batch) {
      this.#inFlight.set(key, AT_ONCE)
    }

    for (const key of batch) {
      this.#start(key)
    }
  }
}
