/** Waiting chunks up to this size are copied together: each of its own costs more than its bytes. */
const SMALL_BYTES = 512

/** How much is copied together. */
const SLAB_BYTES = 4096

/** A chunk that is a smaller part of its buffer is copied, lest it hold on to all of that. */
const MIN_SHARE_OF_BUFFER = 1 / 4

/** When so many taken chunks lie before the head, the array is cut. */
const COMPACT_AT = 256

/** Bytes, first in, first out. What they cost in memory is a small multiple of what they count. */
export class ByteQueue {
  #chunks: Uint8Array[] = []
  #head = 0
  #byteLength = 0
  /** The memory of the last chunk, while there is room behind it. */
  #slab: Uint8Array | undefined

  get byteLength (): number {
    return this.#byteLength
  }

  push (chunk: Uint8Array): void {
    const { byteLength } = chunk

    if (byteLength === 0) {
      return
    }

    this.#byteLength += byteLength

    if (byteLength <= SMALL_BYTES && this.#join(chunk)) {
      return
    }

    this.#slab = undefined
    this.#chunks.push(byteLength < chunk.buffer.byteLength * MIN_SHARE_OF_BUFFER ? copy(chunk) : chunk)
  }

  /** The oldest chunk, or undefined when there is none. */
  shift (): Uint8Array | undefined {
    const chunk = this.#chunks[this.#head]

    if (chunk == null) {
      return undefined
    }

    this.#chunks[this.#head++] = NOTHING
    this.#byteLength -= chunk.byteLength

    if (this.#head === this.#chunks.length) {
      this.#chunks.length = this.#head = 0
      this.#slab = undefined
    } else if (this.#head >= COMPACT_AT) {
      this.#chunks = this.#chunks.slice(this.#head)
      this.#head = 0
    }

    return chunk
  }

  clear (): void {
    this.#chunks = []
    this.#head = this.#byteLength = 0
    this.#slab = undefined
  }

  /** Copies a small chunk behind the last one, if that is small too. */
  #join (chunk: Uint8Array): boolean {
    const last = this.#chunks.at(-1)

    if (last == null || (this.#slab == null && last.byteLength > SMALL_BYTES)) {
      return false
    }

    const end = last.byteLength + chunk.byteLength

    if (end > SLAB_BYTES) {
      return false
    }

    if (this.#slab == null) {
      this.#slab = new Uint8Array(SLAB_BYTES)
      this.#slab.set(last)
    }

    this.#slab.set(chunk, last.byteLength)
    this.#chunks[this.#chunks.length - 1] = this.#slab.subarray(0, end)

    return true
  }
}

const NOTHING = new Uint8Array(0)

/** Not `slice`: that of a Buffer shares its memory. */
function copy (chunk: Uint8Array): Uint8Array {
  const copied = new Uint8Array(chunk.byteLength)

  copied.set(chunk)

  return copied
}
