import { resetByPeer, resetHere } from './byte-errors.ts'
import { queueOfBytes } from './chunk-bytes.ts'
import { LinkByteStream } from './link-byte-stream.ts'
import type { ByteLink, ByteStream, ChannelReason, LinkEvents } from '../contract/index.ts'

/** Bytes that wait in one direction of a link in memory, when a writer is told to wait. */
export const MEMORY_BUFFER_BYTES = 64 * 1024

/** Bytes left at which the writer may go on. */
const LOW_WATER_BYTES = MEMORY_BUFFER_BYTES / 2

/** Two ends of one byte stream in this process, each with bounded buffers. Bytes cross without a copy. */
export function byteStreamPair (): [ByteStream, ByteStream] {
  const [a, b] = memoryLinkPair()

  return [new LinkByteStream(a), new LinkByteStream(b)]
}

/** Two links, each of which delivers what the other is given. */
export function memoryLinkPair (): [ByteLink, ByteLink] {
  const a = new MemoryLink()
  const b = new MemoryLink()

  a.connect(b)
  b.connect(a)

  return [a, b]
}

/** One end, with the bytes that are on their way to it. */
class MemoryLink implements ByteLink {
  #peer: MemoryLink = this
  #events: LinkEvents | undefined
  readonly #arriving = queueOfBytes()
  #isPaused = true
  /** Whether the loop below delivers: what comes in meanwhile lies behind, and does not overtake. */
  #isDelivering = false
  /** Whether the other end waits for room here. */
  #isAwaited = false
  #hasEnded = false
  #hasToldEnd = false
  #isClosed = false

  connect (peer: MemoryLink): void {
    this.#peer = peer
  }

  attach (events: LinkEvents): void {
    this.#events = events
  }

  pause (): void {
    this.#isPaused = true
  }

  resume (): void {
    this.#isPaused = false
    this.#deliver()
  }

  write (bytes: Uint8Array): boolean {
    return this.#hasEnded || this.#isClosed || this.#peer.#take(bytes)
  }

  end (): void {
    if (!this.#hasEnded && !this.#isClosed) {
      this.#hasEnded = true
      this.#peer.#deliver()
      this.#checkClosed()
    }
  }

  reset (reason: ChannelReason): void {
    if (!this.#isClosed) {
      this.#arriving.clear()
      this.#hasToldEnd = true
      this.#close(resetHere(reason))
      this.#peer.#close(resetByPeer(reason))
    }
  }

  /** Whether there is room for more. */
  #take (bytes: Uint8Array): boolean {
    if (bytes.byteLength > 0 && !this.#pass(bytes)) {
      this.#arriving.push(bytes)
      this.#deliver()
    }

    this.#isAwaited = this.#arriving.byteLength >= MEMORY_BUFFER_BYTES

    return !this.#isAwaited
  }

  /** Delivers at once, if nothing is before these bytes. */
  #pass (bytes: Uint8Array): boolean {
    if (this.#isPaused || this.#isDelivering || this.#arriving.byteLength > 0 || this.#events == null) {
      return false
    }

    this.#isDelivering = true
    this.#events.onData(bytes)
    this.#isDelivering = false
    // what was written within lies behind
    this.#deliver()

    return true
  }

  #deliver (): void {
    if (this.#isDelivering) {
      return
    }

    this.#isDelivering = true

    while (!this.#isPaused && this.#arriving.byteLength > 0) {
      const bytes = this.#arriving.shift()

      if (bytes != null) {
        this.#events?.onData(bytes)
      }

      this.#tellRoom()
    }

    this.#isDelivering = false
    this.#tellEnd()
  }

  #tellRoom (): void {
    if (this.#isAwaited && this.#arriving.byteLength <= LOW_WATER_BYTES) {
      this.#isAwaited = false
      this.#peer.#events?.onRoom()
    }
  }

  #tellEnd (): void {
    if (!this.#peer.#hasEnded || this.#isPaused || this.#arriving.byteLength > 0 || this.#hasToldEnd) {
      return
    }

    this.#hasToldEnd = true
    this.#events?.onEnd()
    this.#checkClosed()
  }

  #checkClosed (): void {
    if (this.#hasEnded && this.#hasToldEnd && !this.#isClosed) {
      this.#close(undefined)
    }
  }

  #close (error: Error | undefined): void {
    if (!this.#isClosed) {
      this.#isClosed = true
      this.#events?.onClose(error)
    }
  }
}
