import { chunksOf } from '../base/index.ts'
import { MAX_TEXT_BYTES } from './constants.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

/** Where pieces are put together. Whoever takes from it is done with it before anybody takes again. */
const together = new Uint8Array(MAX_TEXT_BYTES)

/** Takes plaintext that may be in pieces as if it were in one. */
export class PlaintextCursor {
  readonly #pieces: Uint8Array[]
  #index = 0
  #offset = 0

  constructor (data: Uint8Array | Uint8ArrayList) {
    this.#pieces = [...chunksOf(data)]
  }

  /**
   * The next `count` bytes, which are there, and no more than a message holds. Where they lie is good
   * until the next call, of any cursor.
   */
  take (count: number): Uint8Array {
    const start = this.#offset
    const piece = this.#pieces[this.#index]

    if (piece != null && piece.byteLength - start >= count) {
      this.#offset += count

      return start === 0 && piece.byteLength === count ? piece : piece.subarray(start, start + count)
    }

    return this.#gather(count)
  }

  #gather (count: number): Uint8Array {
    let gathered = 0

    while (gathered < count) {
      const piece = this.#pieces[this.#index] ?? new Uint8Array(0)
      const part = piece.subarray(this.#offset, this.#offset + count - gathered)

      together.set(part, gathered)
      gathered += part.byteLength
      this.#offset += part.byteLength

      if (this.#offset === piece.byteLength) {
        this.#index++
        this.#offset = 0
      }
    }

    return together.subarray(0, count)
  }
}
