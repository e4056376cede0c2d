import { Uint8ArrayList } from 'uint8arraylist'
import { chunksOf } from '../base/index.ts'

/** Slabs into which small pieces are copied double from the first size to the last. */
const MIN_SLAB_BYTES = 512
const MAX_SLAB_BYTES = 16 * 1024

const NO_SLAB = new Uint8Array(0)

/**
 * Bytes that have arrived and wait for a reader, in the memory in which they arrived, until they have
 * to be kept for longer.
 */
export class ReadQueue {
  /** None while nothing is unread: an empty array would be made for each stream, and most of its room never used. */
  #chunks: Uint8Array[] | undefined
  #byteLength = 0
  /** Chunks before this index are kept already; the others came since. */
  #kept = 0
  /** Behind the last chunk that is kept, if that is a copy; `#slabUsed` bytes of it are taken. */
  #slab = NO_SLAB
  #slabUsed = 0

  get byteLength (): number {
    return this.#byteLength
  }

  push (bytes: Uint8Array | Uint8ArrayList): void {
    for (const chunk of chunksOf(bytes)) {
      this.#append(chunk)
    }

    this.#byteLength += bytes.byteLength
  }

  /** Puts bytes in front of all others. */
  unshift (bytes: Uint8Array | Uint8ArrayList): void {
    const front = [...chunksOf(bytes)]

    this.#chunks = [...front, ...this.#chunks ?? []]
    this.#kept += front.length
    this.#byteLength += bytes.byteLength
  }

  /** All bytes, without a copy; the queue is empty then. */
  takeAll (): Uint8ArrayList {
    const list = Uint8ArrayList.fromUint8Arrays(this.#chunks ?? [], this.#byteLength)

    this.clear()

    return list
  }

  clear (): void {
    this.#chunks = undefined
    this.#byteLength = this.#kept = this.#slabUsed = 0
    this.#slab = NO_SLAB
  }

  /**
   * What came since the last call has to stay. A small piece of a large buffer would hold on to all of
   * that, and a peer could send one byte per buffer, so such pieces are copied together; yamux 3.3.
   */
  keep (): void {
    const chunks = this.#chunks ?? []

    if (this.#kept === chunks.length) {
      return
    }

    for (const chunk of chunks.splice(this.#kept)) {
      if (chunk.byteLength >= MAX_SLAB_BYTES && chunk.byteLength >= chunk.buffer.byteLength / 2) {
        chunks.push(chunk)
        this.#slab = NO_SLAB
        this.#slabUsed = 0
      } else {
        this.#copyTo(chunks, chunk)
      }
    }

    this.#kept = chunks.length
  }

  #append (chunk: Uint8Array): void {
    if (this.#chunks == null) {
      this.#chunks = [chunk]
    } else {
      this.#chunks.push(chunk)
    }
  }

  #copyTo (chunks: Uint8Array[], chunk: Uint8Array): void {
    for (let from = 0; from < chunk.byteLength;) {
      if (this.#slabUsed === this.#slab.byteLength) {
        this.#slab = new Uint8Array(Math.min(Math.max(MIN_SLAB_BYTES, this.#slab.byteLength * 2), MAX_SLAB_BYTES))
        this.#slabUsed = 0
        chunks.push(NO_SLAB)
      }

      const piece = chunk.subarray(from, from + this.#slab.byteLength - this.#slabUsed)

      this.#slab.set(piece, this.#slabUsed)
      this.#slabUsed += piece.byteLength
      chunks[chunks.length - 1] = this.#slab.subarray(0, this.#slabUsed)
      from += piece.byteLength
    }
  }
}
