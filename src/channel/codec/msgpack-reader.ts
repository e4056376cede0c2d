import { TIME_TYPE } from '../contract/index.ts'
import { readBytes } from './bytes-reader.ts'
import { CODE, TIME_BYTES, TIMESTAMP_TYPE } from './msgpack-format.ts'
import { readFloat32, readFloat64, readInt32, readInt64, readUint16, readUint32, readUint64 } from './numbers-reader.ts'
import { isReferenceKind } from './references.ts'
import { readKey, readText } from './text-reader.ts'
import { toDate } from './times.ts'
import { TreeReader } from './tree-reader.ts'

/** spec-channel 5.2: all forms, the shortest and others. */
export class MsgpackReader extends TreeReader {
  protected override value (depth: number): unknown {
    const code = this.source[this.at++] as number

    if (code < CODE.fixMap) {
      return code
    }

    if (code < CODE.fixList) {
      return this.map(code - CODE.fixMap, depth)
    }

    if (code < CODE.fixText) {
      return this.list(code - CODE.fixList, depth)
    }

    if (code < CODE.nothing) {
      return this.#text(code - CODE.fixText)
    }

    return code >= CODE.negativeFix ? code - 0x100 : this.#long(code, depth)
  }

  protected override key (depth: number): string {
    const code = this.source[this.at++] as number
    let length = code - CODE.fixText

    if (code < CODE.fixText || code >= CODE.nothing) {
      length = this.#keyLength(code, depth)
    }

    this.at += length

    return readKey(this.source, this.at - length, this.at)
  }

  protected override hasMore (index: number, count: number): boolean {
    return index < count
  }

  #long (code: number, depth: number): unknown {
    switch (code) {
      case CODE.nothing:
        return null
      case CODE.false:
        return false
      case CODE.true:
        return true
      case CODE.text8:
        return this.#text(this.#uint8())
      case CODE.text16:
        return this.#text(this.#uint16())
      case CODE.text32:
        return this.#text(this.#uint32())
      case CODE.list16:
        return this.list(this.#uint16(), depth)
      case CODE.list32:
        return this.list(this.#uint32(), depth)
      case CODE.map16:
        return this.map(this.#uint16(), depth)
      case CODE.map32:
        return this.map(this.#uint32(), depth)
      case CODE.bytes8:
        return this.#bytes(this.#uint8())
      case CODE.bytes16:
        return this.#bytes(this.#uint16())
      case CODE.bytes32:
        return this.#bytes(this.#uint32())
      case CODE.extension8:
        return this.#extension(this.#uint8(), depth)
      case CODE.extension16:
        return this.#extension(this.#uint16(), depth)
      case CODE.extension32:
        return this.#extension(this.#uint32(), depth)
      default:
        return code >= CODE.fixExtension1 ? this.#extension(1 << (code - CODE.fixExtension1), depth) : this.#number(code)
    }
  }

  #number (code: number): number | bigint {
    switch (code) {
      case CODE.uint8:
        return this.#uint8()
      case CODE.uint16:
        return this.#uint16()
      case CODE.uint32:
        return this.#uint32()
      case CODE.uint64:
        return readUint64(this.source, this.#pass(8))
      case CODE.int8:
        return this.#uint8() << 24 >> 24
      case CODE.int16:
        return this.#uint16() << 16 >> 16
      case CODE.int32:
        return readInt32(this.source, this.#pass(4))
      case CODE.int64:
        return readInt64(this.source, this.#pass(8))
      case CODE.float32:
        return readFloat32(this.source, this.#pass(4))
      default:
        return readFloat64(this.source, this.#pass(8))
    }
  }

  #text (length: number): string {
    this.at += length

    return readText(this.source, this.at - length, this.at)
  }

  #bytes (length: number): Uint8Array {
    this.at += length

    return readBytes(this.source, this.at - length, this.at)
  }

  #keyLength (code: number, depth: number): number {
    switch (code) {
      case CODE.text8:
        return this.#uint8()
      case CODE.text16:
        return this.#uint16()
      case CODE.text32:
        return this.#uint32()
      default:
        throw this.invalid(depth, `has a key that begins with byte 0x${code.toString(16)}: only strings are keys`)
    }
  }

  #extension (length: number, depth: number): unknown {
    const type = this.#uint8()
    const at = this.#pass(length)

    switch (type) {
      case TIME_TYPE:
        return length === TIME_BYTES ? this.#time(readInt64(this.source, at), readUint32(this.source, at + 8), depth) : this.#badLength(type, length, depth)
      case TIMESTAMP_TYPE:
        return this.#timestamp(at, length, depth)
      default:
        return this.#reference(type, at, length, depth)
    }
  }

  #reference (type: number, at: number, length: number, depth: number): null {
    if (!isReferenceKind(type)) {
      throw this.invalid(depth, `has the extension type ${type}, which is none of ours`)
    }

    if (length === 4) {
      return this.reference(type, readUint32(this.source, at), depth)
    }

    return this.reference(type, length === 8 ? readUint64(this.source, at) : this.#badLength(type, length, depth), depth)
  }

  #timestamp (at: number, length: number, depth: number): Date {
    const { source } = this

    switch (length) {
      case 4:
        return this.#time(readUint32(source, at), 0, depth)
      case 8: {
        // 30 bits of nanoseconds, 34 of seconds
        const high = readUint32(source, at)

        return this.#time((high % 4) * 2 ** 32 + readUint32(source, at + 4), high >>> 2, depth)
      }
      case 12:
        return this.#time(readInt64(source, at + 4), readUint32(source, at), depth)
      default:
        return this.#badLength(-1, length, depth)
    }
  }

  #time (seconds: number | bigint, nanoseconds: number, depth: number): Date {
    const date = toDate(Number(seconds), nanoseconds)

    if (date == null) {
      throw this.invalid(depth, `is the time ${seconds} s and ${nanoseconds} ns since 1970, which no Date can hold`)
    }

    return date
  }

  #badLength (type: number, length: number, depth: number): never {
    throw this.invalid(depth, `has the extension type ${type} with ${length} bytes, which is not its length`)
  }

  #uint8 (): number {
    return this.source[this.at++] as number
  }

  #uint16 (): number {
    return readUint16(this.source, this.#pass(2))
  }

  #uint32 (): number {
    return readUint32(this.source, this.#pass(4))
  }

  #pass (count: number): number {
    this.at += count

    return this.at - count
  }
}
