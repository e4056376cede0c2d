/** Pieces that take less than this part of their buffer are copied together: they would hold on to all of it. */
const MAX_WASTE = 4

/** Slabs into which short pieces are copied double from the first size to the last. */
const MIN_SLAB_BYTES = 512
const MAX_SLAB_BYTES = 16 * 1024

/** When so many taken chunks lie before the head, the array is cut. */
const COMPACT_AT = 64

const NOTHING = new Uint8Array(0)

/** Bytes that have come and wait for a reader. However they are cut, they take little more memory than their number. */
export class ReadQueue {
  #chunks: Uint8Array[] = []
  #head = 0
  byteLength = 0
  /** Behind the last chunk, if that is a copy; `#slabUsed` bytes of it are taken. */
  #slab = NOTHING
  #slabUsed = 0

  push (bytes: Uint8Array): void {
    this.byteLength += bytes.byteLength

    if (bytes.byteLength * MAX_WASTE >= bytes.buffer.byteLength && bytes.byteLength >= MIN_SLAB_BYTES) {
      this.#chunks.push(bytes)
      this.#slab = NOTHING
      this.#slabUsed = 0
    } else {
      this.#copy(bytes)
    }
  }

  /** The first chunk, or nothing. */
  shift (): Uint8Array {
    const chunk = this.#chunks[this.#head] ?? NOTHING

    this.#chunks[this.#head] = NOTHING
    this.#head++
    this.byteLength -= chunk.byteLength

    if (this.byteLength === 0) {
      this.clear()
    } else if (this.#head >= COMPACT_AT && this.#head >= this.#chunks.length / 2) {
      this.#chunks = this.#chunks.slice(this.#head)
      this.#head = 0
    }

    return chunk
  }

  clear (): void {
    this.#chunks = []
    this.#head = this.byteLength = this.#slabUsed = 0
    this.#slab = NOTHING
  }

  #copy (bytes: Uint8Array): void {
    for (let from = 0; from < bytes.byteLength;) {
      if (this.#slabUsed === this.#slab.byteLength || this.#head === this.#chunks.length) {
        this.#slab = new Uint8Array(Math.min(Math.max(MIN_SLAB_BYTES, this.#slab.byteLength * 2), MAX_SLAB_BYTES))
        this.#slabUsed = 0
        this.#chunks.push(NOTHING)
      }

      const piece = bytes.subarray(from, from + this.#slab.byteLength - this.#slabUsed)
      const start = this.#slabUsed - (this.#chunks.at(-1)?.byteLength ?? 0)

      this.#slab.set(piece, this.#slabUsed)
      this.#slabUsed += piece.byteLength
      this.#chunks[this.#chunks.length - 1] = this.#slab.subarray(start, this.#slabUsed)
      from += piece.byteLength
    }
  }
}
