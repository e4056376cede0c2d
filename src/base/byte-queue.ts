import { slab } from './slab.ts'

/** When so many taken chunks lie before the head, the array is cut. */
const COMPACT_AT = 64

/** Waiting chunks up to this size are copied together: each of its own costs more than its bytes. */
const SMALL_BYTES = 512

/** How much is copied together. */
const JOINED_BYTES = 4096

export interface ByteQueueInit {
  /** A chunk that is a smaller part of its buffer is copied, lest it hold on to all of that. @default 0 */
  minShareOfBuffer?: number
}

/** Bytes, first in, first out. Small chunks that wait are copied together, so that what they cost is what they count. */
export class ByteQueue {
  #chunks: Array<Uint8Array | undefined> = []
  #head = 0
  #byteLength = 0
  /** The memory of the last chunk, while there is room behind it. */
  #joined: Uint8Array | undefined
  readonly #minShareOfBuffer: number

  constructor ({ minShareOfBuffer = 0 }: ByteQueueInit = {}) {
    this.#minShareOfBuffer = minShareOfBuffer
  }

  get byteLength (): number {
    return this.#byteLength
  }

  push (chunk: Uint8Array): void {
    if (chunk.byteLength === 0) {
      return
    }

    this.#byteLength += chunk.byteLength

    if (chunk.byteLength > SMALL_BYTES || !this.#join(chunk)) {
      this.#chunks.push(chunk.byteLength < chunk.buffer.byteLength * this.#minShareOfBuffer ? copy(chunk) : chunk)
      this.#joined = undefined
    }
  }

  /** Puts bytes back in front of all others. */
  unshift (chunk: Uint8Array): void {
    if (chunk.byteLength === 0) {
      return
    }

    this.#byteLength += chunk.byteLength

    if (this.#head > 0) {
      this.#chunks[--this.#head] = chunk
    } else {
      this.#chunks.unshift(chunk)
    }
  }

  /** The oldest chunk, or undefined when there is none. */
  shift (): Uint8Array | undefined {
    const chunk = this.#chunks[this.#head]

    if (chunk == null) {
      return undefined
    }

    this.#chunks[this.#head++] = undefined
    this.#byteLength -= chunk.byteLength

    if (this.#head === this.#chunks.length) {
      this.#chunks.length = this.#head = 0
      this.#joined = undefined
    } else if (this.#head >= COMPACT_AT) {
      this.#chunks = this.#chunks.slice(this.#head)
      this.#head = 0
    }

    return chunk
  }

  /** Forgets everything and tells how many bytes that were. */
  clear (): number {
    const dropped = this.#byteLength

    this.#chunks = []
    this.#head = this.#byteLength = 0
    this.#joined = undefined

    return dropped
  }

  /** Copies a small chunk behind the last one, if that is small too. */
  #join (chunk: Uint8Array): boolean {
    const last = this.#chunks.at(-1)

    if (last == null || (this.#joined == null && last.byteLength > SMALL_BYTES)) {
      return false
    }

    const end = last.byteLength + chunk.byteLength

    if (end > JOINED_BYTES) {
      return false
    }

    if (this.#joined == null) {
      this.#joined = new Uint8Array(JOINED_BYTES)
      this.#joined.set(last)
    }

    this.#joined.set(chunk, last.byteLength)
    this.#chunks[this.#chunks.length - 1] = this.#joined.subarray(0, end)

    return true
  }
}

/** Not `slice`: that of a Buffer shares its memory. */
function copy (chunk: Uint8Array): Uint8Array {
  const copied = slab.take(chunk.byteLength)

  copied.set(chunk)

  return copied
}
