import { readBase64 } from './base64.ts'
import { FLOATS, MARK, MARK_SIGN } from './json-format.ts'
import { JsonParser } from './json-parser.ts'
import { invalidPlace, quote, tooDeep, tooLarge, tooManyReferences } from './message-errors.ts'
import { isReferenceKind, Links } from './references.ts'
import { validDate } from './times.ts'
import { DEEPEST, MAX_BIGINT, MIN_BIGINT } from './values.ts'
import type { Holder } from './references.ts'
import type { DecodeContext, MessageLimits, Reference } from '../contract/index.ts'

const INTEGER = /^(?:0|-?[1-9]\d{0,19})$/
const TIME = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/**
 * Reads one message as spec-channel 5.4 has it: behind the parser goes a walk through what it made, which puts in the
 * place of the marks what they stand for. Before the last bracket nobody knows which maps are marks, so it is the
 * walk that finds a message too deep; the parser has a bound for brackets.
 */
export class JsonReader {
  readonly #maxReferences: number
  readonly #maxDepth: number
  readonly #links = new Links()
  /** What the value just read is; null stands for it until who holds the value has said where it is. */
  #pending: Reference | undefined
  /** Where we are, up to the depth at hand; what lies behind is old. */
  readonly #place: Array<string | number> = []

  constructor ({ maxReferences, maxDepth }: MessageLimits) {
    this.#maxReferences = maxReferences
    this.#maxDepth = Math.min(maxDepth, DEEPEST)
  }

  read (bytes: Uint8Array, context: DecodeContext): unknown {
    const { maxMessageBytes } = context.limits

    if (bytes.length > maxMessageBytes) {
      throw tooLarge(maxMessageBytes)
    }

    const message: Holder = { value: this.#value(new JsonParser(bytes, this.#maxDepth).parse(), 0) }

    this.#link(message, 'value')
    this.#links.resolve(context)

    return message['value']
  }

  #value (value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null) {
      return value
    }

    if (Array.isArray(value)) {
      return this.#list(value, depth)
    }

    const map = value as Record<string, unknown>
    const keys = Object.keys(map)
    const [mark] = keys

    if (keys.length === 1 && mark?.startsWith(MARK_SIGN) === true) {
      return this.#marked(mark, map[mark], depth)
    }

    return this.#map(map, keys, depth)
  }

  #list (list: unknown[], depth: number): unknown[] {
    this.#enter(depth)

    for (let i = 0; i < list.length; i++) {
      this.#place[depth] = i
      list[i] = this.#value(list[i], depth + 1)
      this.#link(list as unknown as Holder, i)
    }

    return list
  }

  #map (map: Record<string, unknown>, keys: string[], depth: number): Record<string, unknown> {
    this.#enter(depth)

    for (const key of keys) {
      this.#place[depth] = key
      map[key] = this.#value(map[key], depth + 1)
      this.#link(map, key)
    }

    return map
  }

  #marked (mark: string, value: unknown, depth: number): unknown {
    switch (mark) {
      case MARK.reference:
        return this.#reference(value, depth)
      case MARK.bytes:
        return this.#read(mark, value, depth, readBase64)
      case MARK.time:
        return this.#read(mark, value, depth, readTime)
      case MARK.integer:
        return this.#read(mark, value, depth, readInteger)
      case MARK.float:
        return this.#read(mark, value, depth, (text) => FLOATS.get(text))
      case MARK.map:
        if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
          return this.#map(value as Record<string, unknown>, Object.keys(value), depth)
        }

        throw this.#invalid(depth, 'has $map around something that is no map')
      default:
        throw this.#invalid(depth, `has the key ${quote(mark)} alone, which means nothing: a map of this kind must be written as {"$map":{...}}`)
    }
  }

  #read<T> (mark: string, value: unknown, depth: number, parse: (text: string) => T | undefined): T {
    const parsed = typeof value === 'string' ? parse(value) : undefined

    if (parsed === undefined) {
      throw this.#invalid(depth, `has ${mark} with something else than spec-channel 5.4 says`)
    }

    return parsed
  }

  #reference (value: unknown, depth: number): null {
    const [kind, ref, ...more]: unknown[] = Array.isArray(value) ? value : []
    const isRef = typeof ref === 'number' && Number.isSafeInteger(ref) && ref > 0

    if (!isReferenceKind(kind) || !isRef || more.length > 0) {
      throw this.#invalid(depth, 'has $ref with something else than its type, 1 to 5, and a number of a stream, 1 to 2^53 - 1')
    }

    if (this.#links.count >= this.#maxReferences) {
      throw tooManyReferences(this.#maxReferences)
    }

    this.#pending = { kind, ref }

    return null
  }

  #link (holder: Holder, key: string | number): void {
    if (this.#pending !== undefined) {
      this.#links.add(this.#pending, holder, key)
      this.#pending = undefined
    }
  }

  #enter (depth: number): void {
    if (depth >= this.#maxDepth) {
      throw tooDeep(this.#maxDepth, this.#place.slice(0, depth))
    }
  }

  #invalid (depth: number, fault: string): Error {
    return invalidPlace(this.#place.slice(0, depth), fault)
  }
}

function readTime (text: string): Date | undefined {
  return TIME.test(text) ? validDate(Date.parse(text)) : undefined
}

/** A safe one is a number, as everywhere. */
function readInteger (text: string): number | bigint | undefined {
  if (!INTEGER.test(text)) {
    return undefined
  }

  const value = BigInt(text)

  if (value < MIN_BIGINT || value > MAX_BIGINT) {
    return undefined
  }

  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}
