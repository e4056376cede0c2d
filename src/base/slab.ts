/** Pieces of one slab keep it as a whole, so it is small. */
const SLAB_BYTES = 8 * 1024

/** V8 keeps bytes up to here within its heap, where they cost next to nothing. */
const MAX_HEAP_BYTES = 64

/** A larger piece gets memory of its own: in the slab it could hold on to sixteen times its own number. */
const MAX_PIECE_BYTES = 512

/**
 * Memory for short bytes. An ArrayBuffer of more than 64 bytes costs a microsecond to make and to collect, so those that are
 * little longer share one. What is in a piece at first is whatever was there: fill it.
 */
class Slab {
  #bytes = new Uint8Array(0)
  #used = 0

  take (byteLength: number): Uint8Array<ArrayBuffer> {
    if (byteLength <= MAX_HEAP_BYTES || byteLength > MAX_PIECE_BYTES) {
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

/** One for all. */
export const slab = new Slab()
