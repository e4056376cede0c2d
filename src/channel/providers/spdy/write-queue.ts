import type { FrameBatch } from './frame-batch.ts'

/** When so many taken chunks lie before the head, the array is cut. */
const COMPACT_AT = 64

/** Bytes of one stream that wait to be sent. */
export class WriteQueue {
  #chunks: Uint8Array[] = []
  #head = 0
  byteLength = 0

  push (bytes: Uint8Array): void {
    this.#chunks.push(bytes)
    this.byteLength += bytes.byteLength
  }

  /** Moves the first `count` bytes, which must be here, to `batch`. */
  moveTo (batch: FrameBatch, count: number): void {
    for (let left = count; left > 0;) {
      const chunk = this.#chunks[this.#head]

      if (chunk == null) {
        throw new RangeError(`cannot take ${count} bytes of a queue that has ${count - left}`)
      }

      if (chunk.byteLength > left) {
        batch.add(chunk.subarray(0, left))
        this.#chunks[this.#head] = chunk.subarray(left)
        left = 0
      } else {
        batch.add(chunk)
        this.#head++
        left -= chunk.byteLength
      }
    }

    this.byteLength -= count
    this.#compact()
  }

  clear (): void {
    this.#chunks = []
    this.#head = this.byteLength = 0
  }

  #compact (): void {
    if (this.byteLength === 0) {
      this.clear()
    } else if (this.#head >= COMPACT_AT && this.#head >= this.#chunks.length / 2) {
      this.#chunks = this.#chunks.slice(this.#head)
      this.#head = 0
    }
  }
}
