import { ByteWriter } from './byte-writer.ts'
import { tooDeep, tooManyReferences, unencodable } from './message-errors.ts'
import { DEEPEST, describeValue, isBytes, isPlain, MAX_BIGINT, millisecondsOf, MIN_BIGINT } from './values.ts'
import type { EncodeContext, Reference } from '../contract/index.ts'

/**
 * Walks through a message and has the format write what it finds: the part of encoding that all formats share.
 *
 * What is data: null, booleans, numbers, bigints, strings, Dates, Uint8Arrays (Buffers too), arrays and plain objects. In
 * a plain object the own enumerable properties with string keys count, getters are read, and undefined is left
 * out; elsewhere undefined is null, and so is a hole in an array. In strings, halves of surrogate pairs become
 * U+FFFD, as with TextEncoder; in keys they are refused, as two keys could become the same.
 *
 * `refer` is asked about all other objects, and about plain objects that have both `readable` and `writable`, as
 * a pair of WHATWG streams is one byte stream. What it does not know is refused.
 */
export abstract class TreeWriter {
  protected readonly out = new ByteWriter()
  #context: EncodeContext | undefined
  #maxDepth = 0
  #references = 0
  /** Where we are, up to the depth at hand; what lies behind is old. */
  readonly #place: Array<string | number> = []

  encode (value: unknown, context: EncodeContext): Uint8Array {
    this.#context = context
    this.#maxDepth = Math.min(context.limits.maxDepth, DEEPEST)
    this.#references = 0
    this.out.begin(context.limits.maxMessageBytes)

    try {
      this.#write(value, 0)

      return this.out.finish()
    } finally {
      this.#context = undefined
    }
  }

  protected abstract nothing (): void
  protected abstract boolean (value: boolean): void
  /** From -(2^53 - 1) to 2^53 - 1, and not -0. */
  protected abstract integer (value: number): void
  /** Beyond that, from -2^63 to 2^64 - 1. */
  protected abstract bigint (value: bigint): void
  /** Any other number. */
  protected abstract float (value: number): void
  protected abstract text (value: string): void
  protected abstract bytes (value: Uint8Array): void
  protected abstract time (milliseconds: number): void
  protected abstract reference (reference: Reference): void
  protected abstract beginList (length: number): void
  protected abstract beginItem (index: number): void
  protected abstract endList (): void
  /** `size` is how many entries there are at most. */
  protected abstract beginMap (size: number): void
  /** `count` is how many entries were written before. */
  protected abstract key (key: string, count: number): void
  /** `start` is the length of the message before `beginMap`. */
  protected abstract endMap (start: number, size: number, count: number): void

  #write (value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.text(value)
        break
      case 'number':
        this.#number(value)
        break
      case 'object':
        this.#object(value, depth)
        break
      case 'boolean':
        this.boolean(value)
        break
      case 'undefined':
        this.nothing()
        break
      case 'bigint':
        this.#bigint(value, depth)
        break
      default:
        throw this.#refuse(value, depth)
    }
  }

  #number (value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      this.integer(value)
    } else {
      this.float(value)
    }
  }

  #bigint (value: bigint, depth: number): void {
    if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) {
      this.integer(Number(value))
    } else if (value >= MIN_BIGINT && value <= MAX_BIGINT) {
      this.bigint(value)
    } else {
      throw unencodable(this.#where(depth), 'a bigint that is not from -2^63 to 2^64 - 1: send it as a string')
    }
  }

  #object (value: object | null, depth: number): void {
    if (value === null) {
      this.nothing()
    } else if (Array.isArray(value)) {
      this.#list(value, depth)
    } else if (isPlain(value)) {
      this.#map(value, depth)
    } else {
      this.#special(value, depth)
    }
  }

  #list (list: readonly unknown[], depth: number): void {
    this.#enter(depth)

    const { length } = list

    this.beginList(length)

    for (let i = 0; i < length; i++) {
      this.#place[depth] = i
      this.beginItem(i)
      this.#write(list[i], depth + 1)
    }

    this.endList()
  }

  #map (map: Record<string, unknown>, depth: number): void {
    if (map['readable'] !== undefined && map['writable'] !== undefined && this.#refer(map)) {
      return
    }

    this.#enter(depth)

    const start = this.out.length
    const keys = Object.keys(map)
    let count = 0

    this.beginMap(keys.length)

    for (const key of keys) {
      // once only, as it may be a getter
      const value = map[key]

      if (value !== undefined) {
        this.#place[depth] = key
        this.#key(key, count, depth)
        this.#write(value, depth + 1)
        count++
      }
    }

    this.endMap(start, keys.length, count)
  }

  #key (key: string, count: number, depth: number): void {
    // the other side would refuse the whole message, and end the channel
    if (key === '__proto__') {
      throw unencodable(this.#where(depth + 1), 'an entry with the key __proto__, which no receiver accepts: give it another name')
    }

    if (!key.isWellFormed()) {
      throw unencodable(this.#where(depth + 1), 'an entry whose key has half of a surrogate pair: give it another name')
    }

    this.key(key, count)
  }

  #special (value: object, depth: number): void {
    const milliseconds = millisecondsOf(value)

    if (milliseconds !== undefined) {
      if (Number.isNaN(milliseconds)) {
        throw unencodable(this.#where(depth), 'an invalid Date: send null, or a valid one')
      }

      this.time(milliseconds)
    } else if (isBytes(value)) {
      this.bytes(value)
    } else if (!this.#refer(value)) {
      throw this.#refuse(value, depth)
    }
  }

  /** Writes what stands for `value`. False if nothing does. */
  #refer (value: object): boolean {
    const context = this.#context
    const reference = context?.refer(value)

    if (context == null || reference == null) {
      return false
    }

    this.#references++

    if (this.#references > context.limits.maxReferences) {
      throw tooManyReferences(context.limits.maxReferences)
    }

    this.reference(reference)

    return true
  }

  #enter (depth: number): void {
    if (depth >= this.#maxDepth) {
      throw tooDeep(this.#maxDepth, this.#where(depth))
    }
  }

  #refuse (value: unknown, depth: number): Error {
    return unencodable(this.#where(depth), `${describeValue(value)}, which cannot be sent: send plain objects, arrays, strings, numbers, bigints, booleans, null, Dates, Uint8Arrays, channels or byte streams`)
  }

  #where (depth: number): Array<string | number> {
    return this.#place.slice(0, depth)
  }
}
