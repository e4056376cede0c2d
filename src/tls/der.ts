/*
 * As much of DER (X.690) as certificates need. Every length is checked against what is there, and
 * only the shortest form of a length is taken; tls 5.2.
 */

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31
} as const

const LONG_FORM = 0x80
const HIGH_TAG_NUMBER = 0x1F

/** Above 2^32 bytes nothing is a certificate. */
const MAX_LENGTH_BYTES = 4

/** The tag of the `n`th field of a structure, if that is named so: `[n] EXPLICIT`, or constructed `[n] IMPLICIT`. */
export function contextTag (n: number): number {
  return 0xA0 | n
}

/** One element: its tag, how long its contents are, and those. */
export function der (tag: number, ...parts: Uint8Array[]): Uint8Array {
  const contents = Buffer.concat(parts)

  return Buffer.concat([Uint8Array.of(tag), encodeLength(contents.byteLength), contents])
}

/** A bit string of whole bytes. */
export function bitString (bytes: Uint8Array): Uint8Array {
  return der(TAG.bitString, Uint8Array.of(0), bytes)
}

function encodeLength (length: number): Uint8Array {
  if (length < LONG_FORM) {
    return Uint8Array.of(length)
  }

  const bytes: number[] = []

  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) {
    bytes.unshift(rest % 256)
  }

  return Uint8Array.of(LONG_FORM | bytes.length, ...bytes)
}

/** What is read is not DER, or not what was wanted. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

/** Reads one element after the other. What it gives are views of the memory that it reads. */
export class DerReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor (bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd (): boolean {
    return this.#at === this.#bytes.byteLength
  }

  /** Whether an element with this tag is next. */
  isNext (tag: number): boolean {
    return !this.isAtEnd && this.#bytes[this.#at] === tag
  }

  /**
   * The contents of the next element.
   *
   * @throws DerError
   */
  read (tag: number): Uint8Array {
    const { from, to } = this.#next(tag)

    return this.#bytes.subarray(from, to)
  }

  /**
   * The contents of the next element, to be read in their turn.
   *
   * @throws DerError
   */
  enter (tag: number): DerReader {
    return new DerReader(this.read(tag))
  }

  /**
   * The next element with its tag and its length.
   *
   * @throws DerError
   */
  readWhole (tag: number): Uint8Array {
    const start = this.#at
    const { to } = this.#next(tag)

    return this.#bytes.subarray(start, to)
  }

  /** @throws DerError when there is more to read */
  assertEnd (): void {
    if (!this.isAtEnd) {
      throw new DerError(`wanted nothing more, and there are ${this.#bytes.byteLength - this.#at} bytes`)
    }
  }

  #next (tag: number): { from: number, to: number } {
    const actual = this.#byte()

    if (actual !== tag || (actual & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) {
      throw new DerError(`wanted an element with tag ${tag}, received ${actual}`)
    }

    const length = this.#length()
    const from = this.#at

    if (length > this.#bytes.byteLength - from) {
      throw new DerError(`an element says that it has ${length} bytes, and there are ${this.#bytes.byteLength - from}`)
    }

    this.#at += length

    return { from, to: this.#at }
  }

  #length (): number {
    const first = this.#byte()

    if (first < LONG_FORM) {
      return first
    }

    const count = first & ~LONG_FORM
    let length = 0

    if (count === 0 || count > MAX_LENGTH_BYTES) {
      throw new DerError(`a length must be definite, and of at most ${MAX_LENGTH_BYTES} bytes, received one of ${count}`)
    }

    for (let i = 0; i < count; i++) {
      length = length * 256 + this.#byte()
    }

    if (length < LONG_FORM || length < 256 ** (count - 1)) {
      throw new DerError(`a length must be in its shortest form, received ${length} in ${count} bytes`)
    }

    return length
  }

  #byte (): number {
    const byte = this.#bytes[this.#at]

    if (byte == null) {
      throw new DerError('wanted one more element, and there is none')
    }

    this.#at++

    return byte
  }
}
