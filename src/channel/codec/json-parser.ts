import { invalidAt, quote, tooDeep } from './message-errors.ts'
import { readKey, readText } from './text-reader.ts'

const QUOTE = 0x22
const COMMA = 0x2C
const MINUS = 0x2D
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3A
const LIST_BEGIN = 0x5B
const BACKSLASH = 0x5C
const LIST_END = 0x5D
const MAP_BEGIN = 0x7B
const MAP_END = 0x7D

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const INTEGER = /^-?\d+$/

/** Integers of so many digits are safe. */
const SAFE_DIGITS = 15

const WORDS = new Map<number, readonly [word: string, value: boolean | null]>([
  [0x66, ['false', false]],
  [0x6E, ['null', null]],
  [0x74, ['true', true]]
])

/**
 * JSON (RFC 8259) with nothing before or behind it. Not JSON.parse, as that keeps the last of repeated keys, rounds
 * integers, and in V8 of Node 24 may give back other keys than the text has, which a peer can bring about
 * (https://github.com/nodejs/node/issues/63785). Nor does a string from here hold on to the text of the message.
 */
export class JsonParser {
  readonly #bytes: Uint8Array
  readonly #maxDepth: number
  readonly #maxBrackets: number
  #at = 0

  constructor (bytes: Uint8Array, maxDepth: number) {
    this.#bytes = bytes
    this.#maxDepth = maxDepth
    // a mark is a map more around each list and map, and the innermost may have a reference, which is a list in a map
    this.#maxBrackets = maxDepth * 2 + 2
  }

  /** @throws CodedError InvalidMessage; MessageTooDeep for more brackets than lists and maps of `maxDepth` can have */
  parse (): unknown {
    this.#skipSpace()

    const value = this.#value(0)

    this.#skipSpace()

    if (this.#at < this.#bytes.length) {
      throw this.#unexpected('the end')
    }

    return value
  }

  #value (depth: number): unknown {
    const code = this.#peek()

    switch (code) {
      case QUOTE:
        return this.#string(readText)
      case LIST_BEGIN:
        return this.#list(depth)
      case MAP_BEGIN:
        return this.#map(depth)
      default:
        return code === MINUS || isDigit(code) ? this.#number() : this.#word(code)
    }
  }

  #list (depth: number): unknown[] {
    const list: unknown[] = []

    this.#enter(depth)

    if (this.#takes(LIST_END)) {
      return list
    }

    do {
      this.#skipSpace()
      list.push(this.#value(depth + 1))
      this.#skipSpace()
    } while (this.#takes(COMMA))

    this.#expect(LIST_END)

    return list
  }

  #map (depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {}

    this.#enter(depth)

    if (this.#takes(MAP_END)) {
      return map
    }

    do {
      this.#skipSpace()

      const key = this.#key(map)

      this.#skipSpace()
      this.#expect(COLON)
      this.#skipSpace()
      map[key] = this.#value(depth + 1)
      this.#skipSpace()
    } while (this.#takes(COMMA))

    this.#expect(MAP_END)

    return map
  }

  #key (map: object): string {
    const start = this.#at

    if (this.#peek() !== QUOTE) {
      throw this.#unexpected('a key')
    }

    const key = this.#string(readKey)

    if (Object.hasOwn(map, key)) {
      throw invalidAt(start, `begins the key ${quote(key)}, which its map has already`)
    }

    if (key === '__proto__') {
      throw invalidAt(start, 'begins the key __proto__')
    }

    return key
  }

  #string (read: (bytes: Uint8Array, start: number, end: number) => string): string {
    const start = this.#at + 1
    let end = start

    for (; ; end++) {
      const code = this.#bytes[end] ?? 0

      if (code === QUOTE) {
        this.#at = end + 1

        return read(this.#bytes, start, end)
      }

      if (code === BACKSLASH) {
        return this.#escapedString(start)
      }

      if (code < 0x20) {
        this.#at = end

        throw this.#unexpected('the rest of a string')
      }
    }
  }

  #escapedString (start: number): string {
    let quote = this.#bytes.indexOf(QUOTE, start)

    while (quote !== -1 && this.#isEscaped(quote)) {
      quote = this.#bytes.indexOf(QUOTE, quote + 1)
    }

    this.#at = quote === -1 ? this.#bytes.length : quote + 1

    try {
      return String(JSON.parse(readText(this.#bytes, start - 1, this.#at))).toWellFormed()
    } catch {
      throw invalidAt(start - 1, 'begins a string that is none in JSON')
    }
  }

  #isEscaped (quote: number): boolean {
    let before = quote - 1

    while (this.#bytes[before] === BACKSLASH) {
      before--
    }

    return (quote - before) % 2 === 0
  }

  #number (): number {
    const start = this.#at
    const isNegative = this.#takes(MINUS)
    const digits = this.#at
    let value = 0

    while (isDigit(this.#peek())) {
      value = value * 10 + this.#peek() - ZERO
      this.#at++
    }

    const count = this.#at - digits
    const isLong = count > SAFE_DIGITS || isInNumber(this.#peek())
    const isPadded = count > 1 && this.#bytes[digits] === ZERO

    if (isLong || isPadded || count === 0) {
      return this.#longNumber(start)
    }

    return isNegative ? -value : value
  }

  #longNumber (start: number): number {
    while (isInNumber(this.#peek())) {
      this.#at++
    }

    const text = readText(this.#bytes, start, this.#at)
    const value = Number(text)

    if (!NUMBER.test(text)) {
      throw invalidAt(start, 'begins a number that is none in JSON')
    }

    if (INTEGER.test(text) && !Number.isSafeInteger(value)) {
      throw invalidAt(start, 'begins an integer that is not from -(2^53 - 1) to 2^53 - 1, and must be written as {"$int":"..."}')
    }

    return value
  }

  #word (code: number): boolean | null {
    const [word, value] = WORDS.get(code) ?? ['', null]
    const end = this.#at + word.length

    if (word === '' || readText(this.#bytes, this.#at, end) !== word) {
      throw this.#unexpected('a value')
    }

    this.#at = end

    return value
  }

  #enter (depth: number): void {
    if (depth >= this.#maxBrackets) {
      throw tooDeep(this.#maxDepth)
    }

    this.#at++
    this.#skipSpace()
  }

  #skipSpace (): void {
    let code = this.#peek()

    while (code === 0x20 || code === 0x0A || code === 0x0D || code === 0x09) {
      this.#at++
      code = this.#peek()
    }
  }

  #takes (code: number): boolean {
    const isThere = this.#peek() === code

    this.#at += isThere ? 1 : 0

    return isThere
  }

  #expect (code: number): void {
    if (!this.#takes(code)) {
      throw this.#unexpected(`'${String.fromCharCode(code)}'`)
    }
  }

  /** The byte at hand; 0, which is nowhere right, at the end. */
  #peek (): number {
    return this.#bytes[this.#at] ?? 0
  }

  #unexpected (wanted: string): Error {
    const code = this.#bytes[this.#at]
    const what = code == null ? 'is missing' : `is 0x${code.toString(16).padStart(2, '0')}`

    return invalidAt(this.#at, `${what} where ${wanted} must be`)
  }
}

function isDigit (code: number): boolean {
  return code >= ZERO && code <= NINE
}

/** Digits, signs, the point, and `e` or `E`. */
function isInNumber (code: number): boolean {
  return isDigit(code) || code === MINUS || code === 0x2B || code === 0x2E || (code | 0x20) === 0x65
}
