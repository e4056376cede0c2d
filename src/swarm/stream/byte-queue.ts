/** When so many taken chunks lie before the head, the array is cut. */
const COMPACT_AT = 64

/** Chunks of bytes, first in, first out. Nothing is copied. */
export class ByteQueue {
  #chunks: Array<Uint8Array | undefined> = []
  #head = 0
  #byteLength = 0

  get byteLength (): number {
    return this.#byteLength
  }

  push (chunk: Uint8Array): void {
    if (chunk.byteLength > 0) {
      this.#chunks.push(chunk)
      this.#byteLength += chunk.byteLength
    }
  }

  /** Puts bytes back in front of all others. */
  unshift (chunk: Uint8Array): void {
    if (chunk.byteLength === 0) {
      return
    }

    this.#byteLength += chunk.byteLength

    if (this.#head > 0) {
      this.#chunks[--this.#head] = chunk
    } else {
      this.#chunks.unshift(chunk)
    }
  }

  /** The oldest chunk as it came, or undefined when there is none. */
  shift (): Uint8Array | undefined {
    const chunk = this.#chunks[this.#head]

    if (chunk == null) {
      return undefined
    }

    this.#chunks[this.#head++] = undefined
    this.#byteLength -= chunk.byteLength

    if (this.#head === this.#chunks.length) {
      this.#chunks.length = this.#head = 0
    } else if (this.#head >= COMPACT_AT) {
      this.#chunks = this.#chunks.slice(this.#head)
      this.#head = 0
    }

    return chunk
  }

  /** Forgets everything and tells how many bytes that were. */
  clear (): number {
    const dropped = this.#byteLength

    this.#chunks = []
    this.#head = this.#byteLength = 0

    return dropped
  }
}
