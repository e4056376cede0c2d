import { ReadQueue } from './read-queue.ts'
import type { LinkEvents } from '../../contract/index.ts'

/**
 * The reading half of a stream: tells what has come, and the ends behind it, unless it is paused.
 *
 * What the network brings is told at once. What was held back, and what a call of the consumer causes, is told
 * in a microtask, so that it is never told within a call.
 */
export class ReadSide {
  /** So many bytes were delivered, or thrown away. */
  readonly #onConsumed: (bytes: number) => void
  #events: LinkEvents | undefined
  #isPaused = true
  readonly #held = new ReadQueue()
  #remoteEnd: 'none' | 'come' | 'told' = 'none'
  #close: { readonly error: Error | undefined } | undefined
  #hasToldClose = false
  #isDelivering = false
  #isScheduled = false

  constructor (onConsumed: (bytes: number) => void) {
    this.#onConsumed = onConsumed
  }

  /** Bytes that are held back. */
  get byteLength (): number {
    return this.#held.byteLength
  }

  get events (): LinkEvents | undefined {
    return this.#events
  }

  /** Whether the other side has ended its direction. */
  get isEnded (): boolean {
    return this.#remoteEnd !== 'none'
  }

  attach (events: LinkEvents): void {
    this.#events = events
    this.#schedule()
  }

  pause (): void {
    this.#isPaused = true
  }

  resume (): void {
    this.#isPaused = false
    this.#schedule()
  }

  receive (bytes: Uint8Array): void {
    if (!this.#isPaused && !this.#isDelivering && this.#held.byteLength === 0 && this.#events != null) {
      this.#events.onData(bytes)
      this.#onConsumed(bytes.byteLength)
      return
    }

    this.#held.push(bytes)
  }

  /** The other side has ended its direction. */
  end (): void {
    if (this.#remoteEnd === 'none') {
      this.#remoteEnd = 'come'
      this.#deliver()
    }
  }

  /** Both directions have ended; what was held back is delivered before that is told. */
  close (error: Error | undefined): void {
    if (this.#close == null) {
      this.#close = { error }
      this.#schedule()
    }
  }

  /** Throws away what was held back, and the end behind it. */
  drop (): void {
    const bytes = this.#held.byteLength

    this.#held.clear()

    if (this.#remoteEnd === 'come') {
      this.#remoteEnd = 'told'
    }

    if (bytes > 0) {
      this.#onConsumed(bytes)
    }

    this.#schedule()
  }

  #schedule (): void {
    const isOwing = this.#held.byteLength > 0 || this.#remoteEnd === 'come' || this.#close != null

    if (isOwing && !this.#isScheduled && !this.#hasToldClose && this.#events != null) {
      this.#isScheduled = true
      queueMicrotask(this.#onTurn)
    }
  }

  readonly #onTurn = (): void => {
    this.#isScheduled = false
    this.#deliver()
  }

  #deliver (): void {
    if (this.#isDelivering || this.#events == null) {
      return // the loop below goes on when the call that brought us here returns
    }

    this.#isDelivering = true

    try {
      while (!this.#isPaused && this.#held.byteLength > 0) {
        const bytes = this.#held.shift()

        this.#events.onData(bytes)
        this.#onConsumed(bytes.byteLength)
      }
    } finally {
      this.#isDelivering = false
    }

    if (this.#held.byteLength === 0) {
      this.#tellEnds()
    } else if (this.#close != null) {
      this.#events.onRoom() // the end is told behind the data, but nobody is to wait for room until then
    }
  }

  /** All that came was told. */
  #tellEnds (): void {
    if (!this.#isPaused && this.#remoteEnd === 'come') {
      this.#remoteEnd = 'told'
      this.#events?.onEnd()
    }

    // an end that has come is told even where a failure followed
    if (this.#close != null && !this.#hasToldClose && this.#remoteEnd !== 'come') {
      this.#hasToldClose = true
      this.#events?.onClose(this.#close.error)
    }
  }
}
