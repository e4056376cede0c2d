/** Pieces of one slab keep it as a whole, so it is small. */
const SLAB_BYTES = 8 * 1024

/** A larger piece gets memory of its own. */
const MAX_PIECE_BYTES = 1024

/**
 * Memory for bytes that are soon written and gone. An ArrayBuffer of more than 64 bytes costs a microsecond to make and
 * to collect, so small pieces share one. What is in a piece at first is whatever was there: fill it.
 */
class Slab {
  #bytes = new Uint8Array(0)
  #used = 0

  take (byteLength: number): Uint8Array<ArrayBuffer> {
    if (byteLength > MAX_PIECE_BYTES) {
      return new Uint8Array(byteLength)
    }

    if (this.#used + byteLength > this.#bytes.byteLength) {
      this.#bytes = new Uint8Array(SLAB_BYTES)
      this.#used = 0
    }

    const piece = this.#bytes.subarray(this.#used, this.#used + byteLength)

    this.#used += byteLength

    return piece
  }
}

/** For all who need memory for a moment. */
export const slab = new Slab()
