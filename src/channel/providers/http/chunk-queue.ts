/** When so many taken chunks lie before the head, the array is cut. */
const COMPACT_AT = 64

/** Chunks of bytes, first in, first out. */
export class ChunkQueue {
  #chunks: Uint8Array[] = []
  #head = 0
  #byteLength = 0

  get byteLength (): number {
    return this.#byteLength
  }

  push (chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#byteLength += chunk.byteLength
  }

  shift (): Uint8Array | undefined {
    const chunk = this.#chunks[this.#head]

    if (chunk == null) {
      return undefined
    }

    this.#head++
    this.#byteLength -= chunk.byteLength

    if (this.#head === this.#chunks.length) {
      this.clear()
    } else if (this.#head >= COMPACT_AT) {
      this.#chunks = this.#chunks.slice(this.#head)
      this.#head = 0
    }

    return chunk
  }

  clear (): void {
    this.#chunks.length = this.#head = this.#byteLength = 0
  }
}
