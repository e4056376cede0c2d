import { after } from '../../base/index.ts'
import type { ReceiveDesk, SendDesk } from './calls.ts'
import type { Ticket } from './ticket-queue.ts'
import type { Clock, Timer } from '../../base/index.ts'
import type { ReceiveTicket, SendTicket } from '../contract/index.ts'

/** What a branch gave that was taken. */
export interface Taken {
  readonly name: string
}

/** What a branch tells the `select` that it belongs to. First comes a claim; then `done` or `fail`, in the same turn. */
export interface Choice {
  claim(): boolean
  done(outcome: Taken): void
  fail(error: unknown): void
}

/** One of the things that a `select` waits for. */
export interface Branch {
  begin(): void
  /** Leaves nothing behind. Called whenever it has begun, also when it was the one taken. */
  end(): void
}

export class ReceiveBranch<T> implements Branch, ReceiveTicket<T>, Ticket {
  readonly owner: Choice
  readonly #name: string
  readonly #desk: ReceiveDesk<T>

  constructor (owner: Choice, name: string, desk: ReceiveDesk<T>) {
    this.owner = owner
    this.#name = name
    this.#desk = desk
  }

  begin (): void {
    this.#desk.offer(this)
  }

  end (): void {
    this.#desk.withdraw(this)
  }

  claim (): boolean {
    return this.owner.claim()
  }

  done (result: IteratorResult<T, void>): void {
    const outcome = { name: this.#name, done: result.done === true, value: result.value }

    this.owner.done(outcome)
  }

  fail (error: unknown): void {
    this.owner.fail(error)
  }
}

export class SendBranch<T> implements Branch, SendTicket<T>, Ticket {
  readonly owner: Choice
  readonly value: T
  readonly #name: string
  readonly #desk: SendDesk<T>

  constructor (owner: Choice, name: string, desk: SendDesk<T>, value: T) {
    this.owner = owner
    this.value = value
    this.#name = name
    this.#desk = desk
  }

  begin (): void {
    this.#desk.offer(this)
  }

  end (): void {
    this.#desk.withdraw(this)
  }

  claim (): boolean {
    return this.owner.claim()
  }

  done (): void {
    this.owner.done({ name: this.#name })
  }

  fail (error: unknown): void {
    this.owner.fail(error)
  }
}

/** Waits for a signal. Subclasses say what an abort means. */
abstract class AbortBranch implements Branch, EventListenerObject {
  protected readonly owner: Choice
  protected readonly signal: AbortSignal

  constructor (owner: Choice, signal: AbortSignal) {
    this.owner = owner
    this.signal = signal
  }

  begin (): void {
    if (this.signal.aborted) {
      this.handleEvent()
    } else {
      this.signal.addEventListener('abort', this, { once: true })
    }
  }

  end (): void {
    this.signal.removeEventListener('abort', this)
  }

  handleEvent (): void {
    if (this.owner.claim()) {
      this.onAbort()
    }
  }

  protected abstract onAbort (): void
}

/** A signal as one of the branches. */
export class SignalBranch extends AbortBranch {
  readonly #name: string

  constructor (owner: Choice, name: string, signal: AbortSignal) {
    super(owner, signal)
    this.#name = name
  }

  protected onAbort (): void {
    const outcome = { name: this.#name, reason: this.signal.reason as unknown }

    this.owner.done(outcome)
  }
}

/** The signal that ends the whole call. */
export class StopBranch extends AbortBranch {
  protected onAbort (): void {
    this.owner.fail(this.signal.reason)
  }
}

export class TimerBranch implements Branch {
  readonly #owner: Choice
  readonly #name: string
  readonly #clock: Clock
  readonly #afterMs: number
  #timer: Timer | undefined

  constructor (owner: Choice, name: string, clock: Clock, afterMs: number) {
    if (!(afterMs >= 0)) {
      throw new RangeError(`afterMs of branch ${name} must be 0 or more, received ${String(afterMs)}`)
    }

    this.#owner = owner
    this.#name = name
    this.#clock = clock
    this.#afterMs = afterMs
  }

  begin (): void {
    // for ever is no time that a clock could be set to
    if (this.#afterMs !== Infinity) {
      this.#timer = after(this.#clock, this.#afterMs, () => { this.#fire() })
    }
  }

  end (): void {
    this.#timer?.[Symbol.dispose]()
  }

  #fire (): void {
    if (this.#owner.claim()) {
      this.#owner.done({ name: this.#name })
    }
  }
}
