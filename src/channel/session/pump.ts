import { reasonOf } from './ends.ts'
import type { ChannelEnd, ChannelReason, ReceivePort, ReceiveTicket, SendPort, SendTicket } from '../contract/index.ts'

export interface PumpHooks {
  /**
   * The source has come to its end, with a reason if it was aborted. True takes over what happens to the
   * target, false leaves it to the pump.
   */
  takesOver? (reason: ChannelReason | undefined): boolean
  /** The target never gets this message. */
  onRefused? (message: unknown): void
  /** The pump is over, and not because of `stop`. */
  onOver? (): void
}

/**
 * Copies one channel to another, and passes on how either ends; spec-channel 8.3, 8.6. It holds one message at
 * most: the next is taken when the target has that.
 */
export class Pump implements ReceiveTicket<unknown> {
  readonly source: ReceivePort<unknown>
  readonly target: SendPort<unknown>
  readonly #hooks: PumpHooks
  #isOver = false
  #isRunning = false

  constructor (source: ReceivePort<unknown>, target: SendPort<unknown>, hooks: PumpHooks = {}) {
    this.source = source
    this.target = target
    this.#hooks = hooks
  }

  get isOver (): boolean {
    return this.#isOver
  }

  /** A message of the source is wanted. */
  claim (): boolean {
    return !this.#isOver
  }

  /** The source has one. */
  done (result: IteratorResult<unknown, void>): void {
    if (this.#pass(result)) {
      this.#run()
    }
  }

  /** The source has failed. */
  fail (error: unknown): void {
    const reason = reasonOf(error)

    this.#isOver = true

    if (this.#hooks.takesOver?.(reason) !== true) {
      this.target.abort(reason)
      // where it refused one message alone; otherwise it has ended
      this.source.cancel(reason)
    }

    this.#hooks.onOver?.()
  }

  start (): void {
    void this.target.closed.then((end) => { this.#targetEnded(end) })
    this.#run()
  }

  /** Takes no more from the source, which stays as it is. A message on its way still gets to the target. */
  stop (): void {
    this.#isOver = true
    this.source.withdraw(this)
  }

  /** The target has the message that it had to wait for. */
  taken (): void {
    this.#run()
  }

  /** The target has ended, or it refuses this message, and there must be no gap before the next. */
  refused (error: unknown, value: unknown): void {
    const reason = reasonOf(error)

    this.#hooks.onRefused?.(value)
    this.target.abort(reason)

    if (!this.#isOver) {
      this.#isOver = true
      this.source.cancel(reason)
      this.#hooks.onOver?.()
    }
  }

  #run (): void {
    if (this.#isRunning) {
      return
    }

    this.#isRunning = true

    try {
      while (!this.#isOver && this.#step()) {
        // one message each
      }
    } finally {
      this.#isRunning = false
    }
  }

  /** Whether to go on now. */
  #step (): boolean {
    let result: IteratorResult<unknown, void> | undefined

    try {
      result = this.source.tryReceive()
    } catch (error) {
      this.fail(error)
      return false
    }

    if (result == null) {
      this.source.offer(this)
      return false
    }

    return this.#pass(result)
  }

  /** Whether the target has it. */
  #pass (result: IteratorResult<unknown, void>): boolean {
    if (result.done === true) {
      this.#sourceClosed()
      return false
    }

    try {
      if (this.target.trySend(result.value)) {
        return true
      }
    } catch (error) {
      this.refused(error, result.value)
      return false
    }

    this.target.offer(new Outgoing(this, result.value))

    return false
  }

  #sourceClosed (): void {
    this.#isOver = true

    if (this.#hooks.takesOver?.(undefined) !== true) {
      void this.target.close()
    }

    this.#hooks.onOver?.()
  }

  #targetEnded (end: ChannelEnd): void {
    const reason = reasonOfEnd(end)

    if (!this.#isOver && reason != null) {
      this.stop()
      this.source.cancel(reason)
      this.#hooks.onOver?.()
    }
  }
}

/** A message that the target has to wait for. One each: who took it may look at `value` after `done`. */
class Outgoing implements SendTicket<unknown> {
  readonly value: unknown
  readonly #pump: Pump

  constructor (pump: Pump, value: unknown) {
    this.#pump = pump
    this.value = value
  }

  claim (): boolean {
    return true
  }

  done (): void {
    this.#pump.taken()
  }

  fail (error: unknown): void {
    this.#pump.refused(error, this.value)
  }
}

function reasonOfEnd (end: ChannelEnd): ChannelReason | undefined {
  switch (end.how) {
    case 'lost': return reasonOf(end.error)
    case 'aborted':
    case 'cancelled': return end.reason
    default: return undefined
  }
}
