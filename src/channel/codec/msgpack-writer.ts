import { TIME_TYPE } from '../contract/index.ts'
import { CODE, TIME_BYTES } from './msgpack-format.ts'
import { toTime } from './times.ts'
import { TreeWriter } from './tree-writer.ts'
import type { Reference } from '../contract/index.ts'

const TWO_32 = 2 ** 32

/** spec-channel 5.2: the shortest forms, and 64-bit floats. */
export class MsgpackWriter extends TreeWriter {
  protected override nothing (): void {
    this.out.byte(CODE.nothing)
  }

  protected override boolean (value: boolean): void {
    this.out.byte(value ? CODE.true : CODE.false)
  }

  protected override integer (value: number): void {
    if (value < 0) {
      this.#negative(value)
    } else if (value < 0x80) {
      this.out.byte(value)
    } else if (value < 0x100) {
      this.out.uint8(CODE.uint8, value)
    } else if (value < 0x10000) {
      this.out.uint16(CODE.uint16, value)
    } else if (value < TWO_32) {
      this.out.uint32(CODE.uint32, value)
    } else {
      this.#wide(CODE.uint64, value)
    }
  }

  #negative (value: number): void {
    if (value >= -0x20) {
      this.out.byte(value)
    } else if (value >= -0x80) {
      this.out.uint8(CODE.int8, value)
    } else if (value >= -0x8000) {
      this.out.uint16(CODE.int16, value)
    } else if (value >= -0x80000000) {
      this.out.uint32(CODE.int32, value)
    } else {
      this.#wide(CODE.int64, value)
    }
  }

  protected override bigint (value: bigint): void {
    this.out.uint64(value < 0n ? CODE.int64 : CODE.uint64, Number(BigInt.asUintN(32, value >> 32n)), Number(BigInt.asUintN(32, value)))
  }

  protected override float (value: number): void {
    this.out.float64(CODE.float64, value)
  }

  protected override text (value: string): void {
    if (this.out.shortText(CODE.fixText, value)) {
      return
    }

    // most texts have as many bytes as characters
    const start = this.out.length
    const guess = textHeaderBytes(value.length)

    this.out.skip(guess)
    this.out.text(value)

    const length = this.out.length - start - guess
    const end = this.out.reopen(start, guess, textHeaderBytes(length))

    this.#textHeader(length)
    this.out.seek(end)
  }

  protected override bytes (value: Uint8Array): void {
    const { length } = value

    if (length < 0x100) {
      this.out.uint8(CODE.bytes8, length)
    } else if (length < 0x10000) {
      this.out.uint16(CODE.bytes16, length)
    } else {
      this.out.uint32(CODE.bytes32, length)
    }

    this.out.bytes(value)
  }

  protected override time (milliseconds: number): void {
    const { seconds, nanoseconds } = toTime(milliseconds)

    this.out.uint8(CODE.extension8, TIME_BYTES)
    this.#wide(TIME_TYPE, seconds)
    this.out.word(nanoseconds)
  }

  protected override reference ({ kind, ref }: Reference): void {
    if (ref < TWO_32) {
      this.out.byte(CODE.fixExtension4)
      this.out.uint32(kind, ref)
    } else {
      this.out.byte(CODE.fixExtension8)
      this.#wide(kind, ref)
    }
  }

  protected override beginList (length: number): void {
    this.#sized(length, CODE.fixList, CODE.list16, CODE.list32)
  }

  protected override beginItem (): void {
    // nothing lies between items
  }

  protected override endList (): void {
    // nor behind them
  }

  protected override beginMap (size: number): void {
    this.#sized(size, CODE.fixMap, CODE.map16, CODE.map32)
  }

  protected override key (key: string): void {
    this.text(key)
  }

  protected override endMap (start: number, size: number, count: number): void {
    if (count < size) {
      const end = this.out.reopen(start, mapHeaderBytes(size), mapHeaderBytes(count))

      this.beginMap(count)
      this.out.seek(end)
    }
  }

  #textHeader (length: number): void {
    if (length < 0x20) {
      this.out.byte(CODE.fixText | length)
    } else if (length < 0x100) {
      this.out.uint8(CODE.text8, length)
    } else if (length < 0x10000) {
      this.out.uint16(CODE.text16, length)
    } else {
      this.out.uint32(CODE.text32, length)
    }
  }

  #sized (size: number, fix: number, code16: number, code32: number): void {
    if (size < 0x10) {
      this.out.byte(fix | size)
    } else if (size < 0x10000) {
      this.out.uint16(code16, size)
    } else {
      this.out.uint32(code32, size)
    }
  }

  /** 64 bits of a safe integer, as two's complement. */
  #wide (code: number, value: number): void {
    const high = Math.floor(value / TWO_32)

    this.out.uint64(code, high, value - high * TWO_32)
  }
}

function textHeaderBytes (length: number): number {
  if (length < 0x100) {
    return length < 0x20 ? 1 : 2
  }

  return length < 0x10000 ? 3 : 5
}

function mapHeaderBytes (size: number): number {
  if (size < 0x10) {
    return 1
  }

  return size < 0x10000 ? 3 : 5
}
