import type { Framing } from './framing.ts'
import type { ProviderStream } from '../contract/index.ts'

/** So many bytes are written at once, without waiting for more: the other side has work then while this one goes on. */
const BATCH_BYTES = 8 * 1024

/** Microtasks without a new message after which nobody seems to be in the middle of sending. */
const IDLE_MICROTASKS = 3

/**
 * Collects the messages that are sent one soon after the other, as in a loop that awaits each `send`: most
 * messages are small, and a write is a frame of its own. They leave before the turn ends. While the link has no
 * room they wait here.
 */
export class BatchWriter {
  readonly #link: ProviderStream
  readonly #framing: Framing
  readonly #onFlushed: () => void
  #messages: Uint8Array[] = []
  #bytes = 0
  #hasRoom = true
  #scheduled = false
  #idle = 0

  constructor (link: ProviderStream, framing: Framing, onFlushed: () => void) {
    this.#link = link
    this.#framing = framing
    this.#onFlushed = onFlushed
  }

  /** Bytes that the link has not got. */
  get waiting (): number {
    return this.#bytes
  }

  push (message: Uint8Array): void {
    this.#messages.push(message)
    this.#bytes += message.byteLength
    this.#idle = 0

    if (!this.#hasRoom) {
      return
    }

    if (this.#bytes >= BATCH_BYTES) {
      this.flush()
    } else if (!this.#scheduled) {
      this.#scheduled = true
      queueMicrotask(this.#onMicrotask)
    }
  }

  /** Gives the link all there is, room or not. */
  flush (): void {
    if (this.#messages.length === 0) {
      return
    }

    const messages = this.#messages

    this.#messages = []
    this.#bytes = 0
    this.#hasRoom = this.#framing.writeMessages(this.#link, messages)
  }

  /** The link has room again. */
  onRoom (): void {
    this.#hasRoom = true
    this.flush()
    this.#onFlushed()
  }

  /** Nobody wants what waits. */
  clear (): void {
    this.#messages = []
    this.#bytes = 0
  }

  readonly #onMicrotask = (): void => {
    if (this.#bytes > 0 && this.#idle++ < IDLE_MICROTASKS) {
      queueMicrotask(this.#onMicrotask)
      return
    }

    this.#scheduled = false

    if (this.#hasRoom) {
      this.flush()
      this.#onFlushed()
    }
  }
}
