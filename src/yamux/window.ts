import { GROWTH_GAIN, GROWTH_ROUND_TRIPS, INITIAL_WINDOW_BYTES, MAX_UINT32 } from './constants.ts'
import { YamuxProtocolError } from './errors.ts'

/** What the peer lets us send on one stream; yamux 3.1. */
export class SendWindow {
  #available = INITIAL_WINDOW_BYTES

  get available (): number {
    return this.#available
  }

  take (bytes: number): void {
    this.#available -= bytes
  }

  /** @throws YamuxProtocolError `windowOverflow` */
  grow (bytes: number): void {
    if (this.#available + bytes > MAX_UINT32) {
      throw new YamuxProtocolError('windowOverflow', `credit of a stream must stay below 2^32, received ${bytes} on top of ${this.#available}`)
    }

    this.#available += bytes
  }
}

/** The sum of the receive windows of one connection; yamux 3.5. */
export class WindowBudget {
  readonly max: number
  #used = 0

  constructor (max: number) {
    this.max = max
  }

  get used (): number {
    return this.#used
  }

  /** Takes what the specification grants anyway, within the budget or not. */
  take (bytes: number): void {
    this.#used += bytes
  }

  tryTake (bytes: number): boolean {
    if (this.#used + bytes > this.max) {
      return false
    }

    this.#used += bytes

    return true
  }

  release (bytes: number): void {
    this.#used -= bytes
  }
}

/** When a window is returned: now, and how long a round trip takes, if that is known. */
export interface WindowMoment {
  now: number
  rtt: number | undefined
}

/**
 * What we let the peer send on one stream. Of the window's size, part is credit that the peer has,
 * part is unread here, and the rest is what can be returned.
 */
export class ReceiveWindow {
  readonly #budget: WindowBudget
  readonly #max: number
  #size = INITIAL_WINDOW_BYTES
  #credit = INITIAL_WINDOW_BYTES
  #unread = 0
  #lastReturn: number
  readonly #gain = new GrowthGain()

  constructor (budget: WindowBudget, max: number, now: number) {
    this.#budget = budget
    this.#max = max
    this.#lastReturn = now
    budget.take(this.#size)
  }

  get size (): number {
    return this.#size
  }

  /** What the peer may still send. */
  get credit (): number {
    return this.#credit
  }

  /** Whether so much is due that it is worth a frame; yamux 3.4. */
  get isReturnDue (): boolean {
    return this.#due > 0 && this.#due >= this.#size / 2
  }

  /**
   * Accounts for a data frame before its payload comes; yamux 3.2.
   *
   * @throws YamuxProtocolError `windowExceeded`
   */
  receive (bytes: number): void {
    if (bytes > this.#credit) {
      throw new YamuxProtocolError('windowExceeded', `a data frame must fit the ${this.#credit} bytes left of the window, received ${bytes}`)
    }

    this.#credit -= bytes
    this.#unread += bytes
  }

  /** So many bytes have been read. */
  consume (bytes: number): void {
    this.#unread -= bytes
  }

  /** Grows the window if it is the bottleneck, and gives to the peer all that can be; the result goes on the wire. */
  giveBack ({ now, rtt }: WindowMoment): number {
    if (this.isReturnDue) {
      const isWorthwhile = this.#gain.isWorthwhile(this.#due, this.#size, now)

      if (isWorthwhile && rtt != null && now - this.#lastReturn < rtt * GROWTH_ROUND_TRIPS) {
        this.#grow()
      }

      this.#lastReturn = now
    }

    const due = this.#due

    this.#credit += due

    return due
  }

  /** Gives the window back to the connection; the stream receives no more. */
  close (): void {
    this.#budget.release(this.#size)
    this.#size = this.#credit = 0
  }

  get #due (): number {
    return Math.max(0, this.#size - this.#credit - this.#unread)
  }

  #grow (): void {
    const growth = Math.min(this.#size, this.#max - this.#size)

    if (growth > 0 && this.#budget.tryTake(growth)) {
      this.#size += growth
    }
  }
}

/**
 * Whether larger windows bring more bytes. They do when the way is long, and each doubles what comes; where the peer or we cannot
 * work faster, they only lengthen the queue in front of all other streams.
 */
class GrowthGain {
  /** Returned since the last look, the first of which is at the first return: what that returns came in one go. */
  #bytes = 0
  #since: number | undefined
  /** Bytes in a millisecond, not to be surpassed by chance. */
  #wanted = 0

  /** So many bytes are returned. Whether the last growth has paid off; looked at when a whole window has been returned since. */
  isWorthwhile (bytes: number, windowBytes: number, now: number): boolean {
    if (this.#since == null) {
      this.#since = now
      return true
    }

    this.#bytes += bytes

    if (this.#bytes < windowBytes) {
      return false
    }

    const rate = this.#bytes / Math.max(now - this.#since, Number.MIN_VALUE)
    const isFaster = rate >= this.#wanted

    this.#bytes = 0
    this.#since = now
    this.#wanted = Math.max(this.#wanted, rate * GROWTH_GAIN)

    return isFaster
  }
}
