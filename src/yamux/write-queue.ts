import type { Uint8ArrayList } from 'uint8arraylist'

/** When so many taken chunks lie before the head, the array is cut. */
const COMPACT_AT = 64

/** Bytes that wait to be sent: chunks, first in, first out, taken in any sizes and never copied. */
export class WriteQueue {
  /** None while nothing waits: nearly every write leaves at once, and alone. */
  #chunks: Uint8Array[] | undefined
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
    const chunks = this.#chunks ?? []
    let left = count

    while (left > 0) {
      const chunk = chunks[this.#head]

      if (chunk == null) {
        throw new RangeError(`cannot take ${count} bytes of a queue that has ${count - left}`)
      }

      if (chunk.byteLength > left) {
        target.push(chunk.subarray(0, left))
        chunks[this.#head] = chunk.subarray(left)
        break
      }

      target.push(chunk)
      left -= chunk.byteLength
      this.#head++
    }

    this.#byteLength -= count
    this.#compact(chunks)
  }

  clear (): void {
    this.#chunks = undefined
    this.#head = this.#byteLength = 0
  }

  #append (chunk: Uint8Array): void {
    if (chunk.byteLength === 0) {
      return
    }

    if (this.#chunks == null) {
      this.#chunks = [chunk]
    } else {
      this.#chunks.push(chunk)
    }

    this.#byteLength += chunk.byteLength
  }

  #compact (chunks: Uint8Array[]): void {
    if (this.#head === chunks.length) {
      this.#chunks = undefined
      this.#head = 0
    } else if (this.#head >= COMPACT_AT) {
      this.#chunks = chunks.slice(this.#head)
      this.#head = 0
    }
  }
}
