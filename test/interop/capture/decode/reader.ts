/** Takes bytes apart from the front. Asking for more than there is throws. */
export class Reader {
  readonly #bytes: Buffer
  #offset = 0

  constructor (bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get offset (): number {
    return this.#offset
  }

  get left (): number {
    return this.#bytes.length - this.#offset
  }

  take (count: number): Buffer {
    if (count > this.left) {
      throw new RangeError(`wanted ${count} bytes at ${this.#offset}, there are ${this.left}`)
    }

    this.#offset += count

    return this.#bytes.subarray(this.#offset - count, this.#offset)
  }

  rest (): Buffer {
    return this.take(this.left)
  }

  uint8 (): number {
    return this.take(1).readUInt8()
  }

  uint16 (): number {
    return this.take(2).readUInt16BE()
  }

  uint32 (): number {
    return this.take(4).readUInt32BE()
  }

  /** An unsigned varint, in the fewest bytes that hold it (https://github.com/multiformats/unsigned-varint). */
  varint (): bigint {
    let value = 0n
    let byte = 0x80

    for (let shift = 0n; byte >= 0x80; shift += 7n) {
      byte = this.uint8()
      value |= BigInt(byte & 0x7F) << shift

      if (byte === 0 && shift > 0n) {
        throw new RangeError(`the varint before ${this.#offset} is longer than it need be`)
      }
    }

    return value
  }

  /** Bytes behind a varint that counts them. */
  prefixed (): Buffer {
    return this.take(Number(this.varint()))
  }
}

/** The varint of a length, as what is signed has it. */
export function varint (value: number): Buffer {
  const bytes: number[] = []

  for (let left = value; ; left >>>= 7) {
    if (left < 0x80) {
      return Buffer.from([...bytes, left])
    }

    bytes.push(left & 0x7F | 0x80)
  }
}
