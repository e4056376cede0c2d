import { CodedError } from '../../base/index.ts'
import { describeReason } from '../contract/index.ts'
import type { Unsent } from './unsent.ts'
import type { ByteLink, ChannelReason, LinkEvents } from '../contract/index.ts'

/** What may be written before the stream is there, in bytes, until the writer is held back. */
const BUFFER_BYTES = 64 * 1024

/** A link that is there before its stream is: what it is told waits until `open`. */
export class LateLink implements ByteLink {
  #inner: ByteLink | undefined
  #events: LinkEvents | undefined
  #isPaused = true
  #written: Uint8Array[] = []
  #bytes = 0
  #hasEnded = false
  #reset: ChannelReason | undefined
  #failure: Error | undefined
  #hasTold = false
  readonly #unsent: Unsent | undefined

  /** With `unsent` it fails when the session does. */
  constructor (unsent?: Unsent) {
    this.#unsent = unsent
  }

  attach (events: LinkEvents): void {
    this.#events = events

    if (this.#inner != null) {
      this.#inner.attach(events)
    } else if (this.#failure != null) {
      this.#tellFailure()
    } else {
      this.#unsent?.add(this)
    }
  }

  pause (): void {
    this.#isPaused = true
    this.#inner?.pause()
  }

  resume (): void {
    this.#isPaused = false
    this.#inner?.resume()
  }

  write (bytes: Uint8Array): boolean {
    if (this.#inner != null) {
      return this.#inner.write(bytes)
    }

    if (this.#hasEnded || this.#failure != null) {
      return true
    }

    this.#written.push(bytes)
    this.#bytes += bytes.byteLength

    return this.#bytes <= BUFFER_BYTES
  }

  end (): void {
    this.#hasEnded = true
    this.#inner?.end()
  }

  reset (reason: ChannelReason): void {
    if (this.#inner != null) {
      this.#inner.reset(reason)
    } else if (this.#failure == null) {
      this.#reset = reason
      this.#unsent?.delete(this)
      this.fail(new CodedError('StreamAborted', `the stream was reset here: ${describeReason(reason)}`))
    }
  }

  open (inner: ByteLink): void {
    if (this.#failure != null) {
      inner.reset(this.#reset ?? { code: 0, message: '' })
      return
    }

    const wasFull = this.#bytes > BUFFER_BYTES
    let hasRoom = true

    this.#inner = inner
    this.#unsent?.delete(this)

    if (this.#events != null) {
      inner.attach(this.#events)
    }

    for (const bytes of this.#written) {
      hasRoom = inner.write(bytes)
    }

    this.#written = []

    if (this.#hasEnded) {
      inner.end()
    }

    if (wasFull && hasRoom) {
      this.#events?.onRoom()
    }

    if (!this.#isPaused) {
      inner.resume()
    }
  }

  /** There will be no stream. */
  fail (error: Error): void {
    if (this.#inner == null && this.#failure == null) {
      this.#failure = error
      this.#written = []
      this.#tellFailure()
    }
  }

  #tellFailure (): void {
    // behind the call that caused it
    queueMicrotask(() => {
      if (this.#events != null && !this.#hasTold) {
        this.#hasTold = true
        this.#events.onClose(this.#failure)
      }
    })
  }
}
