import { raceSignal } from '../base/index.ts'
import { SendWindow } from './window.ts'
import { WriteQueue } from './write-queue.ts'
import type { FrameBatch } from './frame-batch.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

/** How far our end of a stream is: wanted by `close`, in a batch, handed to the transport. */
type FinState = 'none' | 'wanted' | 'taken' | 'sent'

/** The writing half of a stream: bytes that wait for credit, and the end behind them. */
export class WriteSide {
  readonly #window = new SendWindow()
  readonly #unsent = new WriteQueue()
  #fin: FinState = 'none'
  #ended: PromiseWithResolvers<void> | undefined
  #failure: Error | undefined
  #isAbandoned = false

  /** Bytes that wait. */
  get byteLength (): number {
    return this.#unsent.byteLength
  }

  /** Bytes that may be sent now: all that the credit allows, however little that is; yamux 3.9. */
  get sendable (): number {
    return Math.min(this.#window.available, this.#unsent.byteLength)
  }

  /** Whether FIN has left. */
  get isEnded (): boolean {
    return this.#fin === 'sent'
  }

  /** Whether FIN is the next thing to send. */
  get isFinDue (): boolean {
    return this.#fin === 'wanted' && this.#unsent.byteLength === 0
  }

  /** Whether somebody ended this side, and gave up waiting until its bytes have left. */
  get isAbandoned (): boolean {
    return this.#isAbandoned
  }

  push (data: Uint8Array | Uint8ArrayList): void {
    this.#unsent.push(data)
  }

  /** @throws YamuxProtocolError `windowOverflow` */
  addCredit (bytes: number): void {
    this.#window.grow(bytes)
  }

  /** Adds at most one data frame. */
  addData (batch: FrameBatch, streamId: number, flags: number, count: number): void {
    this.#window.take(count)
    batch.addData(streamId, flags, this.#unsent, count)
  }

  /** Wants FIN behind what waits. */
  end (): void {
    if (this.#fin === 'none') {
      this.#fin = 'wanted'
    }
  }

  /** Takes FIN into a batch, if it is due. */
  takeFin (): boolean {
    const isDue = this.isFinDue

    if (isDue) {
      this.#fin = 'taken'
    }

    return isDue
  }

  finSent (): void {
    this.#fin = 'sent'
    this.#ended?.resolve()
  }

  /** @throws the signal's reason, or what ended the stream before FIN had left */
  async waitForEnd (signal: AbortSignal | undefined): Promise<void> {
    if (this.#failure != null) {
      throw this.#failure
    }

    if (this.isEnded) {
      return
    }

    this.#ended ??= Promise.withResolvers()

    try {
      await raceSignal(this.#ended.promise, signal)
    } catch (thrown) {
      this.#isAbandoned = signal?.aborted === true
      throw thrown
    }
  }

  /** Throws away what waits. */
  fail (error: Error): void {
    this.#unsent.clear()
    this.#failure = error
    this.#ended?.reject(error)
  }
}
