const HEADER_BYTES = 8

/**
 * Where the frames of a console without a terminal begin and end: one byte for the stream, three of zero, four for the length,
 * then the bytes. A connection that ends within one was lost.
 */
export class FrameWatch {
  /** The header that has begun. */
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerBytes = 0
  /** Of the frame, still to come. */
  #missing = 0

  get isWithin (): boolean {
    return this.#missing > 0 || this.#headerBytes > 0
  }

  push (chunk: Uint8Array): void {
    let at = 0

    while (at < chunk.byteLength) {
      if (this.#missing > 0) {
        const taken = Math.min(this.#missing, chunk.byteLength - at)

        this.#missing -= taken
        at += taken
      } else {
        this.#pushHeader(chunk[at++] ?? 0)
      }
    }
  }

  #pushHeader (byte: number): void {
    this.#header[this.#headerBytes++] = byte

    if (this.#headerBytes === HEADER_BYTES) {
      this.#headerBytes = 0
      this.#missing = new DataView(this.#header.buffer).getUint32(4)
    }
  }
}
