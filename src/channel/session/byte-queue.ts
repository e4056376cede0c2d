import { slab } from '../../base/index.ts'

/** Places of chunks that were taken lie in front of the others, and are cut off when they are many and the half. */
const MIN_CUT = 64
const NOTHING = new Uint8Array(0)

/** Pieces as small as these are put together, as each that is kept costs some 200 bytes besides its own. */
const SMALL_BYTES = 512
const SLAB_BYTES = 4096

/** Bytes as they came, in chunks. They are copied only where what is taken lies in several chunks. */
export class ByteQueue {
  #chunks: Uint8Array[] = []
  #head = 0
  /** Of the first byte within the first chunk. */
  #offset = 0
  #length = 0
  /** What the last chunk is a part of, if that may grow. */
  #slab: Uint8Array | undefined
  #slabUsed = 0

  get length (): number {
    return this.#length
  }

  /** Chunks that are there. */
  get count (): number {
    return this.#chunks.length - this.#head
  }

  /** Of the first byte within `chunk(0)`. */
  get offset (): number {
    return this.#offset
  }

  push (bytes: Uint8Array): void {
    if (bytes.byteLength === 0) {
      return
    }

    this.#length += bytes.byteLength

    if (bytes.byteLength > SMALL_BYTES || this.count === 0) {
      this.#slab = undefined
      this.#chunks.push(bytes)
      return
    }

    if (this.#slab == null || this.#slabUsed + bytes.byteLength > SLAB_BYTES) {
      this.#slab = new Uint8Array(SLAB_BYTES)
      this.#slabUsed = 0
      this.#chunks.push(NOTHING)
    }

    this.#slab.set(bytes, this.#slabUsed)
    this.#slabUsed += bytes.byteLength
    this.#chunks[this.#chunks.length - 1] = this.#slab.subarray(0, this.#slabUsed)
  }

  /** The chunk as it came; the first may be taken in part. */
  chunk (index: number): Uint8Array {
    return this.#chunks[this.#head + index] ?? NOTHING
  }

  /** One byte, or -1 where there is none yet. */
  at (index: number): number {
    let place = this.#offset + index

    for (let head = this.#head; head < this.#chunks.length; head++) {
      const chunk = this.#chunks[head] ?? NOTHING

      if (place < chunk.byteLength) {
        return chunk[place] ?? -1
      }

      place -= chunk.byteLength
    }

    return -1
  }

  /** The first `count` bytes, which must be there. */
  take (count: number): Uint8Array {
    const first = this.chunk(0)
    const end = this.#offset + count

    if (end <= first.byteLength) {
      const bytes = first.subarray(this.#offset, end)

      this.drop(count)

      return bytes
    }

    const bytes = slab.take(count)

    for (let filled = 0; filled < count;) {
      const part = this.chunk(0).subarray(this.#offset, this.#offset + count - filled)

      bytes.set(part, filled)
      filled += part.byteLength
      this.drop(part.byteLength)
    }

    return bytes
  }

  /** Leaves out the first `count` bytes, which must be there. */
  drop (count: number): void {
    this.#length -= count
    this.#offset += count

    for (let size = this.chunk(0).byteLength; this.#offset >= size && size > 0; size = this.chunk(0).byteLength) {
      this.#offset -= size
      this.#chunks[this.#head++] = NOTHING // lets go of the bytes
    }

    this.#cut()
  }

  clear (): void {
    this.#slab = undefined
    this.#chunks = []
    this.#head = 0
    this.#offset = 0
    this.#length = 0
  }

  #cut (): void {
    if (this.#head === this.#chunks.length) {
      this.#slab = undefined
      this.#chunks.length = 0
      this.#head = 0
    } else if (this.#head >= MIN_CUT && this.#head * 2 >= this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head)
      this.#head = 0
    }
  }
}
