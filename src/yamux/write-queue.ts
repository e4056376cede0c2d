import type { Uint8ArrayList } from 'uint8arraylist'

/** When so many taken chunks lie before the head, the array is cut. */
const COMPACT_AT = 64

/** Bytes that wait to be sent: chunks, first in, first out, taken in any sizes and never copied. */
export class WriteQueue {
  #chunks: Uint8Array[] = []
  #head = 0
  #byteLength = 0

  get byteLength (): number {
    return this.#byteLength
  }

  push (bytes: Uint8Array | Uint8ArrayList): void {
    if (bytes instanceof Uint8Array) {
      this.#append(bytes)
      return
    }

    for (const chunk of bytes) {
      this.#append(chunk)
    }
  }

  /** Moves the first `count` bytes, which must be here, to the end of `target`. */
  moveTo (target: Uint8Array[], count: number): void {
    let left = count

    while (left > 0) {
      const chunk = this.#chunks[this.#head]

      if (chunk == null) {
        throw new RangeError(`cannot take ${count} bytes of a queue that has ${count - left}`)
      }

      if (chunk.byteLength > left) {
        target.push(chunk.subarray(0, left))
        this.#chunks[this.#head] = chunk.subarray(left)
        break
      }

      target.push(chunk)
      left -= chunk.byteLength
      this.#head++
    }

    this.#byteLength -= count
    this.#compact()
  }

  clear (): void {
    this.#chunks = []
    this.#head = this.#byteLength = 0
  }

  #append (chunk: Uint8Array): void {
    if (chunk.byteLength > 0) {
      this.#chunks.push(chunk)
      this.#byteLength += chunk.byteLength
    }
  }

  #compact (): void {
    if (this.#head === this.#chunks.length) {
      // in place: this happens for nearly every write
      this.#chunks.length = this.#head = 0
    } else if (this.#head >= COMPACT_AT) {
      this.#chunks = this.#chunks.slice(this.#head)
      this.#head = 0
    }
  }
}
