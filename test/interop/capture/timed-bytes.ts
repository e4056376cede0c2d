/** Bytes that came one after the other, and when: at which place in the order of all that was recorded. */
export class TimedBytes {
  readonly #parts: Buffer[] = []
  readonly #ends: Array<{ offset: number, at: number }> = []
  #length = 0

  append (bytes: Buffer, at: number): void {
    this.#parts.push(bytes)
    this.#length += bytes.length
    this.#ends.push({ offset: this.#length, at })
  }

  get bytes (): Buffer {
    return Buffer.concat(this.#parts)
  }

  /** When all bytes before `offset` were there. */
  when (offset: number): number {
    const part = this.#ends.find((end) => end.offset >= offset)

    if (part == null) {
      throw new RangeError(`there are ${this.#length} bytes, not ${offset}`)
    }

    return part.at
  }
}
