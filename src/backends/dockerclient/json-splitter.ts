import { concat } from '../../base/index.ts'
import { ServiceError } from '../../service/index.ts'

/** Of one value: an event, one measurement, one step of progress. */
export const MAX_VALUE_BYTES = 1024 * 1024

const QUOTE = 0x22
const BACKSLASH = 0x5C
const OPENING = new Set([0x7B, 0x5B])
const CLOSING = new Set([0x7D, 0x5D])
const SPACE = new Set([0x20, 0x09, 0x0A, 0x0D])

/**
 * Cuts bytes into the JSON objects and lists that follow each other in them, with or without lines between. All that
 * matters to it is ASCII, which is never a part of another character in UTF-8: it does not matter where chunks end.
 */
export class JsonSplitter {
  readonly #maxBytes: number
  /** Of the value that has begun, from earlier chunks. */
  #parts: Uint8Array[] = []
  #length = 0
  #depth = 0
  #isInString = false
  #isEscaped = false

  constructor (maxBytes = MAX_VALUE_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** Whether a value has begun that has not come to its end. */
  get isWithin (): boolean {
    return this.#depth > 0
  }

  /** The values that end in this chunk. @throws ServiceError ServiceFailed for what is no JSON; MessageTooLarge */
  push (chunk: Uint8Array): string[] {
    const values: string[] = []
    let start = 0

    for (let index = 0; index < chunk.byteLength; index++) {
      if (this.#depth === 0) {
        start = index
      }

      if (this.#endsAt(chunk[index] ?? 0)) {
        this.#keep(chunk.subarray(start, index + 1))
        values.push(this.#take())
      }
    }

    if (this.#depth > 0) {
      this.#keep(chunk.subarray(start))
    }

    return values
  }

  /** Whether a value ends with this byte. */
  #endsAt (byte: number): boolean {
    if (this.#isInString) {
      this.#inString(byte)
    } else if (byte === QUOTE && this.#depth > 0) {
      this.#isInString = true
    } else if (OPENING.has(byte)) {
      this.#depth++
    } else if (CLOSING.has(byte) && this.#depth > 0) {
      return --this.#depth === 0
    } else if (this.#depth === 0 && !SPACE.has(byte)) {
      throw new ServiceError('ServiceFailed', 'the engine was to answer with JSON objects, and sent something else')
    }

    return false
  }

  #inString (byte: number): void {
    if (this.#isEscaped) {
      this.#isEscaped = false
    } else if (byte === BACKSLASH) {
      this.#isEscaped = true
    } else if (byte === QUOTE) {
      this.#isInString = false
    }
  }

  #keep (part: Uint8Array): void {
    this.#length += part.byteLength

    if (this.#length > this.#maxBytes) {
      throw new ServiceError('MessageTooLarge', `the engine sent a JSON object of more than ${this.#maxBytes} bytes`)
    }

    this.#parts.push(part)
  }

  #take (): string {
    const text = new TextDecoder().decode(concat(this.#parts))

    this.#parts = []
    this.#length = 0

    return text
  }
}
