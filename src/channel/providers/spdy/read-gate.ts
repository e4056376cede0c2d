import { MAX_BUFFERED_BYTES } from './constants.ts'
import type { SpdyStream } from './spdy-stream.ts'
import type { ByteLink } from '../../contract/index.ts'

/**
 * Stops reading the connection while a stream holds too much. It is all that can be done about a peer
 * without windows, and holds up the other streams as well; spec-channel 11.4.
 */
export class ReadGate {
  readonly #link: ByteLink
  readonly #onOpen: () => void
  readonly #overfull = new Set<SpdyStream>()

  constructor (link: ByteLink, onOpen: () => void) {
    this.#link = link
    this.#onOpen = onOpen
  }

  get isShut (): boolean {
    return this.#overfull.size > 0
  }

  /** The stream has got more. */
  onHeld (stream: SpdyStream): void {
    if (stream.unreadBytes > MAX_BUFFERED_BYTES) {
      this.#overfull.add(stream)
      this.#link.pause()
    }
  }

  /** The stream holds less, even if it has ended: what it holds takes as much memory as before. */
  onRead (stream: SpdyStream): void {
    if (this.#overfull.size > 0 && stream.unreadBytes <= MAX_BUFFERED_BYTES / 2) {
      this.#open(stream)
    }
  }

  #open (stream: SpdyStream): void {
    if (this.#overfull.delete(stream) && this.#overfull.size === 0) {
      this.#onOpen()
      this.#link.resume()
    }
  }
}
