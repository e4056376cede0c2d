import { writeBase64 } from './base64.ts'
import { MARK, MARK_SIGN } from './json-format.ts'
import { TreeWriter } from './tree-writer.ts'
import type { Reference } from '../contract/index.ts'

const COMMA = 0x2C
const COLON = 0x3A
const LIST_BEGIN = 0x5B
const LIST_END = 0x5D
const MAP_BEGIN = 0x7B
const MAP_END = 0x7D

const MAP_MARK = `{"${MARK.map}":`
const SIGN = MARK_SIGN.charCodeAt(0)

/** spec-channel 5.4. */
export class JsonWriter extends TreeWriter {
  protected override nothing (): void {
    this.out.ascii('null')
  }

  protected override boolean (value: boolean): void {
    this.out.ascii(value ? 'true' : 'false')
  }

  protected override integer (value: number): void {
    this.out.ascii(String(value))
  }

  protected override bigint (value: bigint): void {
    this.#marked(MARK.integer, String(value))
  }

  protected override float (value: number): void {
    if (!Number.isFinite(value)) {
      this.#marked(MARK.float, String(value))
    } else if (value === 0) {
      // integers are written elsewhere, so this is -0
      this.#marked(MARK.float, '-0')
    } else {
      // with its exponent no large float looks like an integer that was rounded
      this.out.ascii(Number.isInteger(value) ? value.toExponential() : String(value))
    }
  }

  protected override text (value: string): void {
    this.out.text(JSON.stringify(value.toWellFormed()))
  }

  protected override bytes (value: Uint8Array): void {
    this.out.ascii(`{"${MARK.bytes}":"`)
    writeBase64(this.out, value)
    this.out.ascii('"}')
  }

  protected override time (milliseconds: number): void {
    this.#marked(MARK.time, new Date(milliseconds).toISOString())
  }

  protected override reference ({ kind, ref }: Reference): void {
    this.out.ascii(`{"${MARK.reference}":[${kind},${ref}]}`)
  }

  protected override beginList (): void {
    this.out.byte(LIST_BEGIN)
  }

  protected override beginItem (index: number): void {
    if (index > 0) {
      this.out.byte(COMMA)
    }
  }

  protected override endList (): void {
    this.out.byte(LIST_END)
  }

  protected override beginMap (): void {
    this.out.byte(MAP_BEGIN)
  }

  protected override key (key: string, count: number): void {
    this.beginItem(count)
    this.text(key)
    this.out.byte(COLON)
  }

  protected override endMap (start: number, _size: number, count: number): void {
    this.out.byte(MAP_END)

    // behind the brace and the quote
    if (count === 1 && this.out.peek(start + 2) === SIGN) {
      const end = this.out.reopen(start, 0, MAP_MARK.length)

      this.out.ascii(MAP_MARK)
      this.out.seek(end)
      this.out.byte(MAP_END)
    }
  }

  #marked (mark: string, value: string): void {
    this.out.ascii(`{"${mark}":"${value}"}`)
  }
}
