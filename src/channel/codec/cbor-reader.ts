import { readBytes } from './bytes-reader.ts'
import { BREAK, INFO, MAJOR, REFERENCE_TAG, SIMPLE, TIME_TAG } from './cbor-format.ts'
import { readFloat16, readFloat32, readFloat64, readUint16, readUint32, readUint64 } from './numbers-reader.ts'
import { isReferenceKind } from './references.ts'
import { readKey, readText } from './text-reader.ts'
import { validDate } from './times.ts'
import { TreeReader } from './tree-reader.ts'
import { MIN_BIGINT } from './values.ts'

/** spec-channel 5.3: all forms of RFC 8949, those without a length among them. */
export class CborReader extends TreeReader {
  protected override value (depth: number): unknown {
    const code = this.source[this.at++] as number
    const info = code & 0x1F

    switch (code >> 5) {
      case MAJOR.unsigned:
        return this.#argument(info)
      case MAJOR.negative:
        return this.#negative(this.#argument(info), depth)
      case MAJOR.bytes:
        return info === INFO.indefinite ? this.#joinBytes() : this.#bytes(info)
      case MAJOR.text:
        return info === INFO.indefinite ? this.#joinText() : this.#text(info)
      case MAJOR.list:
        return this.list(this.#count(info), depth)
      case MAJOR.map:
        return this.map(this.#count(info), depth)
      case MAJOR.tag:
        return this.#tagged(this.#argument(info), depth)
      default:
        return this.#simple(info)
    }
  }

  protected override key (depth: number): string {
    const code = this.source[this.at++] as number
    const info = code & 0x1F

    if (code >> 5 !== MAJOR.text) {
      throw this.invalid(depth, `has a key that begins with byte 0x${code.toString(16).padStart(2, '0')}: only strings are keys`)
    }

    if (info === INFO.indefinite) {
      return this.#joinText()
    }

    const length = this.#count(info)

    this.at += length

    return readKey(this.source, this.at - length, this.at)
  }

  protected override hasMore (index: number, count: number): boolean {
    return count === Infinity ? !this.#takesBreak() : index < count
  }

  /** The number that is, or follows, the lower bits of a first byte. */
  #argument (info: number): number | bigint {
    switch (info) {
      case INFO.next1:
        return this.source[this.at++] as number
      case INFO.next2:
        return readUint16(this.source, this.#pass(2))
      case INFO.next4:
        return readUint32(this.source, this.#pass(4))
      case INFO.next8:
        return readUint64(this.source, this.#pass(8))
      default:
        return info
    }
  }

  /** Infinity where there is no length. */
  #count (info: number): number {
    return info === INFO.indefinite ? Infinity : Number(this.#argument(info))
  }

  #negative (size: number | bigint, depth: number): number | bigint {
    if (size < Number.MAX_SAFE_INTEGER) {
      return -1 - Number(size)
    }

    const value = -1n - BigInt(size)

    if (value < MIN_BIGINT) {
      throw this.invalid(depth, `is ${value}, and integers begin at -2^63`)
    }

    return value
  }

  #bytes (info: number): Uint8Array {
    const length = this.#count(info)

    this.at += length

    return readBytes(this.source, this.at - length, this.at)
  }

  #text (info: number): string {
    const length = this.#count(info)

    this.at += length

    return readText(this.source, this.at - length, this.at)
  }

  #joinText (): string {
    let text = ''

    while (!this.#takesBreak()) {
      text += this.#text(this.#partInfo())
    }

    return text
  }

  /** In two goes, as an object for each part would cost many times what the part has. */
  #joinBytes (): Uint8Array {
    const start = this.at
    let length = 0

    while (!this.#takesBreak()) {
      const size = this.#count(this.#partInfo())

      this.at += size
      length += size
    }

    const joined = new Uint8Array(length)

    this.at = start
    length = 0

    while (!this.#takesBreak()) {
      const size = this.#count(this.#partInfo())

      joined.set(this.source.subarray(this.at, this.at + size), length)
      this.at += size
      length += size
    }

    return joined
  }

  #partInfo (): number {
    return (this.source[this.at++] as number) & 0x1F
  }

  /** What is tagged is no list, map or tag, so tags within each other are no recursion. */
  #tagged (tag: number | bigint, depth: number): unknown {
    const major = (this.source[this.at] as number) >> 5
    const kind = Number(tag) - REFERENCE_TAG

    if (isReferenceKind(kind) && major === MAJOR.unsigned) {
      return this.reference(kind, this.value(depth) as number | bigint, depth)
    }

    if (tag === TIME_TAG && (major === MAJOR.unsigned || major === MAJOR.negative || major === MAJOR.simple)) {
      return this.#time(this.value(depth), depth)
    }

    throw this.invalid(depth, `has the tag ${tag} around something of major type ${major}, which is none of ours`)
  }

  #time (seconds: unknown, depth: number): Date {
    const date = typeof seconds === 'number' ? validDate(toMilliseconds(seconds)) : undefined

    if (date == null) {
      throw this.invalid(depth, `is the time ${String(seconds)} s since 1970, which no Date can hold`)
    }

    return date
  }

  #simple (info: number): unknown {
    switch (info) {
      case SIMPLE.false:
        return false
      case SIMPLE.true:
        return true
      case SIMPLE.null:
        return null
      case SIMPLE.undefined:
        return undefined
      case INFO.next2:
        return readFloat16(this.source, this.#pass(2))
      case INFO.next4:
        return readFloat32(this.source, this.#pass(4))
      default:
        return readFloat64(this.source, this.#pass(8))
    }
  }

  #takesBreak (): boolean {
    const isBreak = this.source[this.at] === BREAK

    this.at += isBreak ? 1 : 0

    return isBreak
  }

  #pass (count: number): number {
    this.at += count

    return this.at - count
  }
}

/** For seconds that were made of whole milliseconds, exactly those: far from 1970 the product may be half of one off. */
function toMilliseconds (seconds: number): number {
  const nearest = Math.round(seconds * 1000)

  return [nearest, nearest - 1, nearest + 1].find((milliseconds) => milliseconds / 1000 === seconds) ?? nearest
}
