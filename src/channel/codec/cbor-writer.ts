import { INFO, MAJOR, REFERENCE_TAG, SIMPLE, TIME_TAG } from './cbor-format.ts'
import { TreeWriter } from './tree-writer.ts'
import type { Reference } from '../contract/index.ts'

const TWO_32 = 2 ** 32

const SIMPLE_BYTE = MAJOR.simple << 5

/** spec-channel 5.3; the shortest forms but for floats, which have 64 bits, and everything with its length. */
export class CborWriter extends TreeWriter {
  protected override nothing (): void {
    this.out.byte(SIMPLE_BYTE | SIMPLE.null)
  }

  protected override boolean (value: boolean): void {
    this.out.byte(SIMPLE_BYTE | (value ? SIMPLE.true : SIMPLE.false))
  }

  protected override integer (value: number): void {
    if (value < 0) {
      this.#head(MAJOR.negative, -1 - value)
    } else {
      this.#head(MAJOR.unsigned, value)
    }
  }

  protected override bigint (value: bigint): void {
    const major = value < 0n ? MAJOR.negative : MAJOR.unsigned
    const size = value < 0n ? -1n - value : value

    this.out.uint64(major << 5 | INFO.next8, Number(size >> 32n), Number(size & 0xFFFFFFFFn))
  }

  protected override float (value: number): void {
    this.out.float64(SIMPLE_BYTE | INFO.next8, value)
  }

  protected override text (value: string): void {
    if (this.out.shortText(MAJOR.text << 5, value)) {
      return
    }

    // most texts have as many bytes as characters
    const start = this.out.length
    const guess = headBytes(value.length)

    this.out.skip(guess)
    this.out.text(value)

    const length = this.out.length - start - guess
    const end = this.out.reopen(start, guess, headBytes(length))

    this.#head(MAJOR.text, length)
    this.out.seek(end)
  }

  protected override bytes (value: Uint8Array): void {
    this.#head(MAJOR.bytes, value.length)
    this.out.bytes(value)
  }

  protected override time (milliseconds: number): void {
    const seconds = milliseconds / 1000

    this.#head(MAJOR.tag, TIME_TAG)

    if (Number.isInteger(seconds)) {
      this.integer(seconds)
    } else {
      this.float(seconds)
    }
  }

  protected override reference ({ kind, ref }: Reference): void {
    this.#head(MAJOR.tag, REFERENCE_TAG + kind)
    this.#head(MAJOR.unsigned, ref)
  }

  protected override beginList (length: number): void {
    this.#head(MAJOR.list, length)
  }

  protected override beginItem (): void {
    // nothing lies between items
  }

  protected override endList (): void {
    // nor behind them
  }

  protected override beginMap (size: number): void {
    this.#head(MAJOR.map, size)
  }

  protected override key (key: string): void {
    this.text(key)
  }

  protected override endMap (start: number, size: number, count: number): void {
    if (count < size) {
      const end = this.out.reopen(start, headBytes(size), headBytes(count))

      this.#head(MAJOR.map, count)
      this.out.seek(end)
    }
  }

  #head (major: number, value: number): void {
    const first = major << 5

    if (value < INFO.next1) {
      this.out.byte(first | value)
    } else if (value < 0x100) {
      this.out.uint8(first | INFO.next1, value)
    } else if (value < 0x10000) {
      this.out.uint16(first | INFO.next2, value)
    } else if (value < TWO_32) {
      this.out.uint32(first | INFO.next4, value)
    } else {
      this.out.uint64(first | INFO.next8, Math.floor(value / TWO_32), value % TWO_32)
    }
  }
}

function headBytes (value: number): number {
  if (value < 0x100) {
    return value < INFO.next1 ? 1 : 2
  }

  return value < 0x10000 ? 3 : 5
}
