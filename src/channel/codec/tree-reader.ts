import { invalidPlace, quote } from './message-errors.ts'
import { Links } from './references.ts'
import type { Holder } from './references.ts'
import type { DecodeContext, Reference, ReferenceKind } from '../contract/index.ts'

const NO_BYTES = new Uint8Array(0)

/**
 * Builds the value of a message: the part that msgpack and CBOR share. A scanner has checked structure and limits
 * before, so every length lies within the message and the recursion has a bound.
 *
 * No key can harm: maps are plain objects, and `__proto__` is refused.
 */
export abstract class TreeReader {
  protected source: Uint8Array = NO_BYTES
  protected at = 0
  #links: Links | undefined
  /** What the value just read is; null stands for it until who holds the value has said where it is. */
  #pending: Reference | undefined
  /** Where we are, up to the depth at hand; what lies behind is old. */
  readonly #place: Array<string | number> = []

  read (bytes: Uint8Array, context: DecodeContext): unknown {
    const { message, links } = this.#build(bytes)

    // only now, as this may well lead here again
    links?.resolve(context)

    return message['value']
  }

  protected abstract value (depth: number): unknown
  /** The next key, which has to be a string. */
  protected abstract key (depth: number): string
  /** Whether a list or map goes on, of which `index` entries have been read. */
  protected abstract hasMore (index: number, count: number): boolean

  protected list (count: number, depth: number): unknown[] {
    const list: unknown[] = []

    for (let i = 0; this.hasMore(i, count); i++) {
      this.#place[depth] = i
      list.push(this.value(depth + 1) ?? null)

      if (this.#pending !== undefined) {
        this.#link(list as unknown as Holder, i)
      }
    }

    return list
  }

  protected map (count: number, depth: number): Record<string, unknown> {
    const start = this.at
    const map: Record<string, unknown> = {}
    let size = 0
    let hasGaps = false

    for (; this.hasMore(size, count); size++) {
      const key = this.key(depth)

      if (key === '__proto__') {
        throw this.invalid(depth, 'has the key __proto__')
      }

      this.#place[depth] = key

      const value = this.value(depth + 1)

      map[key] = value
      hasGaps ||= value === undefined

      if (this.#pending !== undefined) {
        this.#link(map, key)
      }
    }

    if (Object.keys(map).length !== size) {
      throw this.#repeated(start, size, depth)
    }

    if (hasGaps) {
      dropUndefined(map)
    }

    return map
  }

  protected reference (kind: ReferenceKind, ref: number | bigint, depth: number): null {
    if (typeof ref !== 'number' || ref < 1) {
      throw this.invalid(depth, `refers to stream ${ref}, which must be from 1 to 2^53 - 1`)
    }

    this.#pending = { kind, ref }

    return null
  }

  protected invalid (depth: number, fault: string): Error {
    return invalidPlace(this.#place.slice(0, depth), fault)
  }

  #build (bytes: Uint8Array): { message: Holder, links: Links | undefined } {
    this.source = bytes
    this.at = 0
    this.#pending = undefined
    this.#links = undefined

    try {
      const message: Holder = { value: this.value(0) ?? null }

      if (this.#pending !== undefined) {
        this.#link(message, 'value')
      }

      return { message, links: this.#links }
    } finally {
      this.source = NO_BYTES
      this.#links = undefined
    }
  }

  #link (holder: Holder, key: string | number): void {
    if (this.#pending !== undefined) {
      this.#links ??= new Links()
      this.#links.add(this.#pending, holder, key)
      this.#pending = undefined
    }
  }

  /** Reads the map again to find out which key it was: keeping all keys of all maps would make each message slower. */
  #repeated (start: number, size: number, depth: number): Error {
    const seen = new Set<string>()
    let key = ''

    this.at = start

    for (let i = 0; i < size; i++) {
      key = this.key(depth)

      if (seen.has(key)) {
        break
      }

      seen.add(key)
      this.value(depth + 1)
    }

    return this.invalid(depth, `has the key ${quote(key)} twice`)
  }
}

/** spec-channel 5.1; of our formats only CBOR can say undefined. The map stays the same, as there may be links to it. */
function dropUndefined (map: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(map)) {
    if (value === undefined) {
      Reflect.deleteProperty(map, key)
    }
  }
}
