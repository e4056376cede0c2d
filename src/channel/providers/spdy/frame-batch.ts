/** Chunks from this size are written without a copy: copying shorter ones costs less than one more write. */
const MIN_PIECE_BYTES = 8 * 1024

/** Short pieces are copied into slabs of this size. */
const SLAB_BYTES = 16 * 1024

/** Below this a loop copies faster than `set`. */
const LOOP_BYTES = 48

/** Bytes that leave together: short ones copied behind each other, long ones as they are. */
export class FrameBatch {
  #pieces: Uint8Array[] = []
  #slab = new Uint8Array(0)
  /** The part of the slab that has no piece yet. */
  #from = 0
  #to = 0
  byteLength = 0

  add (bytes: Uint8Array): void {
    this.byteLength += bytes.byteLength

    if (bytes.byteLength >= MIN_PIECE_BYTES) {
      this.#cut()
      this.#pieces.push(bytes)
      return
    }

    if (this.#slab.byteLength - this.#to < bytes.byteLength) {
      this.#cut()
      this.#slab = new Uint8Array(SLAB_BYTES)
      this.#from = this.#to = 0
    }

    this.#copy(bytes)
  }

  /** All pieces, in order; the batch is empty then. */
  take (): Uint8Array[] {
    this.#cut()

    const pieces = this.#pieces

    this.#pieces = []
    this.byteLength = 0

    return pieces
  }

  #copy (bytes: Uint8Array): void {
    if (bytes.byteLength > LOOP_BYTES) {
      this.#slab.set(bytes, this.#to)
    } else {
      for (let index = 0; index < bytes.byteLength; index++) {
        this.#slab[this.#to + index] = bytes[index] ?? 0
      }
    }

    this.#to += bytes.byteLength
  }

  #cut (): void {
    if (this.#to > this.#from) {
      this.#pieces.push(this.#slab.subarray(this.#from, this.#to))
      this.#from = this.#to
    }
  }
}
