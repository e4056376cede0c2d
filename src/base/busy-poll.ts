/** When to poll, and for how long. Times in microseconds. */
export interface BusyPollInit {
  /** An answer within this time is quick: polling may be worth it. @default 500 */
  quickUs?: number
  /** So many quick answers in a row begin a trial. @default 4 */
  patience?: number
  /** The longest that is polled for one answer: to sleep and be woken costs about as much. @default 150 */
  maxPollUs?: number
  /** Answers that were not there in time, less half of those that were, after which a trial has failed; the next needs twice the patience. @default 2 */
  trialLosses?: number
  /** As `trialLosses`, once polling has proven itself. @default 8 */
  provenLosses?: number
  /** Patience grows up to here. @default 256 */
  maxPatience?: number
}

export const BUSY_POLL_DEFAULTS: Readonly<Required<BusyPollInit>> = Object.freeze({
  quickUs: 500,
  patience: 4,
  maxPollUs: 150,
  trialLosses: 2,
  provenLosses: 8,
  maxPatience: 256
})

/** What an answer that was not there in time costs, in answers that were. */
const LOSS = 2

/** The loop and the time that it passes; a fake has its own. */
export interface EventLoop {
  /** Microseconds since some fixed point. */
  now(): number
  /** Calls `fn` on the next turn of the loop, which does not sleep before. */
  next(fn: () => void): void
}

const ownLoop: EventLoop = {
  now: () => performance.now() * 1000,
  next: (fn) => { setImmediate(fn) }
}

/**
 * Keeps the event loop awake for an answer that is about to come: where answers come within microseconds, to put a core to
 * sleep and wake it takes several times as long as the answer, and more processor time than to ask for it again and again.
 *
 * This is the busy polling that Linux has for sockets (`SO_BUSY_POLL` of socket(7)), in the loop of Node, and it is
 * competitive, as the spinning of locks is (Karlin, Li, Manasse, Owicki: "Empirical studies of competitive spinning for a
 * shared-memory multiprocessor", SOSP 1991): for one answer it waits at most about as long as a sleep would cost. It begins
 * when answers are quick, ends when they do not come in time, and rests for longer after each trial that fails.
 */
export class BusyPoll {
  readonly #loop: EventLoop
  readonly #settings: Readonly<Required<BusyPollInit>>
  /** Whether something was sent, and nothing has come since. */
  #isAwaiting = false
  #sentAt = 0
  #isPolling = false
  /** Losses that are left, times `LOSS`; 0 while resting. */
  #credit = 0
  /** While resting. */
  #quickAnswers = 0
  #patience: number

  constructor (init: BusyPollInit = {}, loop = ownLoop) {
    this.#settings = { ...BUSY_POLL_DEFAULTS, ...init }
    this.#patience = this.#settings.patience
    this.#loop = loop
  }

  /** Something was sent that may be answered. */
  onSend (): void {
    if (this.#isAwaiting) {
      return
    }

    this.#isAwaiting = true
    this.#sentAt = this.#loop.now()

    if (this.#credit > 0 && !this.#isPolling) {
      this.#isPolling = true
      this.#loop.next(this.#onTurn)
    }
  }

  /** Something came. */
  onReceive (): void {
    if (!this.#isAwaiting) {
      return
    }

    this.#isAwaiting = false

    const waited = this.#loop.now() - this.#sentAt

    if (this.#credit > 0) {
      this.#judge(waited <= this.#settings.maxPollUs)
    } else {
      this.#count(waited <= this.#settings.quickUs)
    }
  }

  #count (isQuick: boolean): void {
    this.#quickAnswers = isQuick ? this.#quickAnswers + 1 : 0

    if (this.#quickAnswers >= this.#patience) {
      this.#quickAnswers = 0
      this.#credit = this.#settings.trialLosses * LOSS
    }
  }

  #judge (wasInTime: boolean): void {
    const { patience, provenLosses, maxPatience } = this.#settings

    if (!wasInTime) {
      this.#credit = Math.max(this.#credit - LOSS, 0)
      this.#patience = this.#credit > 0 ? this.#patience : Math.min(this.#patience * 2, maxPatience)
    } else if (this.#credit < provenLosses * LOSS) {
      this.#credit++
    } else {
      this.#patience = patience
    }
  }

  readonly #onTurn = (): void => {
    if (this.#isAwaiting && this.#loop.now() - this.#sentAt > this.#settings.maxPollUs) {
      this.#isAwaiting = false
      this.#judge(false)
    }

    this.#isPolling = this.#isAwaiting

    if (this.#isPolling) {
      this.#loop.next(this.#onTurn)
    }
  }
}

/** Of this thread: it has one loop, whatever its connections are. */
export const busyPoll = new BusyPoll()
