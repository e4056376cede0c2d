import { tooLarge } from './message-errors.ts'

/**
 * Small messages lie one behind the other in a slab, whose bytes are written once and never again: so a message needs
 * neither an allocation nor a copy of its own.
 */
const SLAB_BYTES = 16 * 1024

/** A longer message that does not fit into the slab gets a buffer for itself. */
const MAX_SLAB_SHARE = 4 * 1024

/** Up to here a loop over the characters is faster than the TextEncoder. */
const SHORT_TEXT = 15

/** Lengths in headers have 32 bits. */
const MOST_BYTES = 2 ** 32 - 1

const encoder = new TextEncoder()

/**
 * Writes one message after the other: `begin`, what the message has, `finish`. After an error just begin again.
 *
 * The limit on a message is looked at whenever memory is needed, and in the end, so that the memory of a message that
 * is refused is bounded too.
 */
export class ByteWriter {
  #slab = new Uint8Array(0)
  /** Where the slab has room. */
  #slabAt = 0
  #bytes: Uint8Array = this.#slab
  #view: DataView = new DataView(this.#slab.buffer)
  #start = 0
  #at = 0
  #maxBytes = 0

  /** How many bytes the message has by now. */
  get length (): number {
    return this.#at - this.#start
  }

  begin (maxMessageBytes: number): void {
    if (this.#bytes !== this.#slab) {
      this.#use(this.#slab)
    }

    this.#maxBytes = Math.min(maxMessageBytes, MOST_BYTES)
    this.#start = this.#slabAt
    this.#at = this.#slabAt
  }

  /** The message. Nobody writes to it any more, but its ArrayBuffer may hold other messages too. */
  finish (): Uint8Array {
    this.#check(0)

    const message = this.#bytes.subarray(this.#start, this.#at)

    if (this.#bytes === this.#slab) {
      this.#slabAt = this.#at
    } else {
      // given away; as it grew by doubling, the message is half of it or more
      this.#use(this.#slab)
    }

    return message
  }

  byte (value: number): void {
    this.#reserve(1)
    this.#bytes[this.#at++] = value
  }

  /** 32 bits. */
  word (value: number): void {
    this.#reserve(4)
    this.#view.setUint32(this.#at, value)
    this.#at += 4
  }

  /** The lower 8 bits of `value`, behind a byte that says what it is. So with those that follow, big-endian. */
  uint8 (code: number, value: number): void {
    this.#reserve(2)
    this.#bytes[this.#at++] = code
    this.#bytes[this.#at++] = value
  }

  uint16 (code: number, value: number): void {
    this.#reserve(3)
    this.#bytes[this.#at] = code
    this.#view.setUint16(this.#at + 1, value)
    this.#at += 3
  }

  uint32 (code: number, value: number): void {
    this.#reserve(5)
    this.#bytes[this.#at] = code
    this.#view.setUint32(this.#at + 1, value)
    this.#at += 5
  }

  /** The upper and the lower 32 bits. */
  uint64 (code: number, high: number, low: number): void {
    this.#reserve(9)
    this.#bytes[this.#at] = code
    this.#view.setUint32(this.#at + 1, high)
    this.#view.setUint32(this.#at + 5, low)
    this.#at += 9
  }

  float64 (code: number, value: number): void {
    this.#reserve(9)
    this.#bytes[this.#at] = code
    this.#view.setFloat64(this.#at + 1, value)
    this.#at += 9
  }

  bytes (bytes: Uint8Array): void {
    this.#check(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** Writes `header` plus the length, and the text, if that is short and ASCII; otherwise nothing. Whether it did. */
  shortText (header: number, text: string): boolean {
    const { length } = text

    if (length > SHORT_TEXT) {
      return false
    }

    this.#reserve(length + 1)

    const bytes = this.#bytes
    let at = this.#at

    bytes[at++] = header + length

    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)

      if (code >= 0x80) {
        return false
      }

      bytes[at++] = code
    }

    this.#at = at

    return true
  }

  /** A text of ASCII characters; no limit is looked at before. */
  ascii (text: string): void {
    this.#reserve(text.length)

    for (let i = 0; i < text.length; i++) {
      this.#bytes[this.#at++] = text.charCodeAt(i)
    }
  }

  /** UTF-8, with U+FFFD for each half of a surrogate pair without the other. */
  text (text: string): void {
    this.#check(text.length)

    // most texts are ASCII: three bytes a character are reserved only for the rest of those that are not
    this.#reserve(text.length)

    let read = this.#encode(text)

    while (read < text.length) {
      const rest = text.slice(read)

      this.#reserve(rest.length * 3)
      read += this.#encode(rest)
    }
  }

  /** Leaves out bytes, which `reopen` fills in. */
  skip (count: number): void {
    this.#reserve(count)
    this.#at += count
  }

  /**
   * Makes `before` bytes `after` bytes, which are written next. Gives the length to go on from with `seek`.
   */
  reopen (from: number, before: number, after: number): number {
    const growth = after - before

    if (growth > 0) {
      this.#reserve(growth)
    }

    const at = this.#start + from

    if (growth !== 0) {
      this.#bytes.copyWithin(at + after, at + before, this.#at)
    }

    const end = this.length + growth

    this.#at = at

    return end
  }

  seek (length: number): void {
    this.#at = this.#start + length
  }

  /** A byte of the message. */
  peek (index: number): number {
    return this.#bytes[this.#start + index] ?? 0
  }

  /** How many characters were written. */
  #encode (text: string): number {
    const { read, written } = encoder.encodeInto(text, this.#bytes.subarray(this.#at))

    this.#at += written

    return read
  }

  #check (more: number): void {
    if (this.length + more > this.#maxBytes) {
      throw tooLarge(this.#maxBytes)
    }
  }

  #reserve (count: number): void {
    if (this.#at + count > this.#bytes.length) {
      this.#grow(count)
    }
  }

  #grow (count: number): void {
    this.#check(0)

    const written = this.#bytes.subarray(this.#start, this.#at)
    const needed = written.length + count

    if (needed <= MAX_SLAB_SHARE) {
      this.#slab = new Uint8Array(SLAB_BYTES)
      this.#slabAt = 0
      this.#use(this.#slab)
    } else {
      this.#use(new Uint8Array(Math.max(needed, written.length * 2)))
    }

    this.#bytes.set(written)
    this.#start = 0
    this.#at = written.length
  }

  #use (bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}
