import { CodedError, raceSignal, TransientMap } from '../base/index.ts'
import { MAX_OUTSTANDING_PINGS, MAX_UINT32, RTT_INTERVAL_MS, RTT_PERIOD_MS } from './constants.ts'
import { YamuxProtocolError } from './errors.ts'
import type { Clock } from '../base/index.ts'

interface Ping {
  value: number
  sentAt: number
  answer: PromiseWithResolvers<number>
  /** Callers that wait for the answer. */
  waiting: number
}

/** Sends a ping; one that can wait leaves with whatever is sent next. */
export type SendPing = (value: number, options: { canWait: boolean }) => void

/** Our pings that are not answered yet, and what the answers have told; yamux 3.6 and 5. */
export class Pings {
  readonly #clock: Clock
  readonly #send: SendPing
  readonly #pings = new TransientMap<number, Ping>()
  #next = 0
  #rtt: number | undefined
  /** The shortest round trips of this period and of the one before. */
  #shortest = Infinity
  #shortestBefore = Infinity
  #periodStart = -Infinity
  #measuredAt = -Infinity
  /** With which error, since there are no answers any more. */
  #endError: (() => Error) | undefined

  constructor (clock: Clock, send: SendPing) {
    this.#clock = clock
    this.#send = send
  }

  /** Milliseconds, smoothed; undefined before the first answer. */
  get rtt (): number | undefined {
    return this.#rtt
  }

  /**
   * The shortest round trip of late: what the network takes. The others were spent in queues, which a
   * larger window would only lengthen. Undefined before the first answer.
   */
  get shortestRtt (): number | undefined {
    return this.#rtt == null ? undefined : Math.min(this.#shortest, this.#shortestBefore)
  }

  /** Pings that are not answered yet. */
  get outstanding (): number {
    return this.#pings.size
  }

  /**
   * Sends a ping and waits for its answer. Resolves with the milliseconds between.
   *
   * @throws the signal's reason; CodedError ResourceLimit; what ended the connection
   */
  async ping (signal?: AbortSignal): Promise<number> {
    signal?.throwIfAborted()

    if (this.#endError != null) {
      throw this.#endError()
    }

    const ping = this.#start({ canWait: false })

    ping.waiting++

    try {
      return await raceSignal(ping.answer.promise, signal)
    } finally {
      ping.waiting--
    }
  }

  /** Measures the round trip along with what is sent next, unless it is known, or soon will be. */
  measure (): void {
    if (this.#endError == null && this.#pings.size === 0 && this.#clock.now() - this.#measuredAt > RTT_INTERVAL_MS) {
      this.#start({ canWait: true })
    }
  }

  /** As `measure`, unless a round trip was ever measured. */
  learn (): void {
    if (this.#rtt == null) {
      this.measure()
    }
  }

  /** As `measure`, if one was. */
  refresh (): void {
    if (this.#rtt != null) {
      this.measure()
    }
  }

  /** @throws YamuxProtocolError `unrequestedPing` */
  answer (value: number): void {
    const ping = this.#pings.get(value)

    if (ping == null) {
      throw new YamuxProtocolError('unrequestedPing', `an answer must be to a ping of ours, received one to ${value}`)
    }

    const now = this.#clock.now()
    const elapsed = now - ping.sentAt

    this.#measuredAt = now

    this.#pings.delete(value)
    this.#rtt = this.#rtt == null ? elapsed : (this.#rtt + elapsed) / 2

    if (now - this.#periodStart > RTT_PERIOD_MS) {
      this.#periodStart = now
      this.#shortestBefore = this.#shortest
      this.#shortest = elapsed
    } else {
      this.#shortest = Math.min(this.#shortest, elapsed)
    }

    ping.answer.resolve(elapsed)
  }

  /** No answer will come any more. */
  end (error: () => Error): void {
    this.#endError = error

    for (const { answer } of this.#pings.values()) {
      answer.reject(error())
    }

    this.#pings.clear()
  }

  #start (options: { canWait: boolean }): Ping {
    this.#makeRoom()

    const ping: Ping = { value: this.#next, sentAt: this.#clock.now(), answer: Promise.withResolvers(), waiting: 0 }

    ping.answer.promise.catch(() => {}) // it may be that nobody waits, or no longer
    this.#next = this.#next === MAX_UINT32 ? 0 : this.#next + 1
    this.#pings.set(ping.value, ping)
    this.#send(ping.value, options)

    return ping
  }

  #makeRoom (): void {
    if (this.#pings.size < MAX_OUTSTANDING_PINGS) {
      return
    }

    for (const { value, waiting } of this.#pings.values()) {
      if (waiting === 0) {
        this.#pings.delete(value)
        return
      }
    }

    throw new CodedError('ResourceLimit', `at most ${MAX_OUTSTANDING_PINGS} pings may be unanswered on one connection, there are ${this.#pings.size}`)
  }
}
