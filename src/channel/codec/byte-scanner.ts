import { invalidAt, tooDeep, tooLarge, tooManyReferences } from './message-errors.ts'
import { DEEPEST } from './values.ts'
import type { MessageLimits, MessageScanner } from '../contract/index.ts'

/**
 * Finds the ends of messages in bytes that are cut anywhere, and checks their structure and the limits on the way:
 * what msgpack and CBOR share of it. A value is a first byte, then a header (a length, a count), then bytes that are
 * passed over without a look, or other values. What is kept is a number for each list and map around.
 */
export abstract class ByteScanner implements MessageScanner {
  /** How many lists and maps we are in. */
  protected depth = 0
  /** How many values the innermost of them still needs; the message is one value. */
  protected missing = 1
  /** The first byte of a value, and what is known of the header behind it. */
  protected code = 0
  protected header = 0
  /** The same for those around it, from the outside inwards. */
  readonly #missingAround: number[] = []
  readonly #sizes: Float64Array
  #limits: MessageLimits
  /** Where the message ends, if it is known to be all there. */
  #wholeBytes = Infinity
  #headerLeft = 0
  #skip = 0
  #references = 0
  /** Bytes of the message in calls before this one. */
  #before = 0

  /**
   * `sizes` says how many bytes follow a first byte if there is nothing else to know; Infinity where there is, which
   * is up to `begin`.
   */
  constructor (limits: MessageLimits, sizes: Float64Array) {
    this.#limits = limits
    this.#sizes = sizes
  }

  scan (bytes: Uint8Array, offset: number): number {
    // nothing is looked at beyond the limit
    const length = Math.min(bytes.length, offset + this.#limits.maxMessageBytes - this.#before)
    let at = offset
    let isEnd = false

    while (at < length && !isEnd) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, length - at)

        at += step
        this.#skip -= step
        isEnd = this.#skip === 0 && this.leave()
      } else if (this.#headerLeft > 0) {
        this.header = this.header * 0x100 + (bytes[at++] as number)
        this.#headerLeft--
        isEnd = this.#headerLeft === 0 && this.open(this.#before + at - offset)
      } else {
        this.code = bytes[at++] as number

        const end = at + (this.#sizes[this.code] as number)

        if (end <= length) {
          at = end
          isEnd = this.leave()
        } else {
          isEnd = this.begin(this.code, this.#before + at - offset)
        }
      }
    }

    if (isEnd) {
      this.#reset()

      return at
    }

    if (length < bytes.length) {
      throw tooLarge(this.#limits.maxMessageBytes)
    }

    this.#before += at - offset

    return -1
  }

  /**
   * The same for one message that is all there; forgets what was before.
   *
   * @throws CodedError as `scan`, and InvalidMessage if it does not end with the last byte
   */
  check (bytes: Uint8Array, limits: MessageLimits): void {
    if (bytes.length > limits.maxMessageBytes) {
      throw tooLarge(limits.maxMessageBytes)
    }

    this.#reset()
    this.#limits = limits
    this.#wholeBytes = bytes.length

    const end = this.scan(bytes, 0)

    if (end === -1) {
      throw tooShort(bytes.length)
    }

    if (end < bytes.length) {
      throw invalidAt(end, 'lies behind the end of the message')
    }
  }

  /** Takes the first byte of a value. Whether it ended the message; `size` is that of the message up to here. */
  protected abstract begin (code: number, size: number): boolean
  /** Takes the header. */
  protected abstract open (size: number): boolean

  /** So many bytes of header follow, at least 1. */
  protected expectHeader (count: number): boolean {
    this.header = 0
    this.#headerLeft = count

    return false
  }

  /** So many bytes that nobody looks at follow. */
  protected pass (count: number, size: number): boolean {
    if (count === 0) {
      return this.leave()
    }

    this.#expect(count, size)
    this.#skip = count

    return false
  }

  /** A list or map of so many values follows. */
  protected enter (count: number, size: number): boolean {
    this.checkDepth()

    if (count === 0) {
      return this.leave()
    }

    // each has one byte at least
    this.#expect(count, size)
    this.push(count)

    return false
  }

  /** @throws CodedError MessageTooDeep if one more list or map is too much */
  protected checkDepth (): void {
    const maxDepth = Math.min(this.#limits.maxDepth, DEEPEST)

    if (this.depth >= maxDepth) {
      throw tooDeep(maxDepth)
    }
  }

  protected push (count: number): void {
    this.#missingAround[this.depth++] = this.missing
    this.missing = count
  }

  /** A value is complete, and with it perhaps what it is in. Whether that was the message. */
  protected leave (): boolean {
    this.missing--

    while (this.missing === 0 && this.depth > 0) {
      this.pop()
      this.missing--
    }

    return this.missing === 0
  }

  protected pop (): void {
    this.depth--
    this.missing = this.#missingAround[this.depth] as number
  }

  protected countReference (): void {
    this.#references++

    if (this.#references > this.#limits.maxReferences) {
      throw tooManyReferences(this.#limits.maxReferences)
    }
  }

  #reset (): void {
    this.depth = 0
    this.missing = 1
    this.#headerLeft = 0
    this.#skip = 0
    this.#references = 0
    this.#before = 0
  }

  #expect (count: number, size: number): void {
    if (size + count > this.#wholeBytes) {
      throw tooShort(this.#wholeBytes)
    }

    if (size + count > this.#limits.maxMessageBytes) {
      throw tooLarge(this.#limits.maxMessageBytes)
    }
  }
}

function tooShort (length: number): Error {
  return invalidAt(length, 'is missing: the message ends before its last value does')
}
