import { ByteScanner } from './byte-scanner.ts'
import { invalidAt } from './message-errors.ts'
import { CODE } from './msgpack-format.ts'
import { isReferenceKind } from './references.ts'
import type { MessageLimits } from '../contract/index.ts'

/** In `SIZES`: what follows depends on a header of as many bytes as `HEADERS` says. */
const HEADED = Infinity

/** How many bytes follow a first byte, or HEADED. */
const SIZES = new Float64Array(256)

/** How many bytes of length, count and type follow a first byte. */
const HEADERS = new Uint8Array(256)

for (let length = 0; length < 0x20; length++) {
  SIZES[CODE.fixText + length] = length
}

for (const [code, size] of [
  [CODE.uint8, 1], [CODE.uint16, 2], [CODE.uint32, 4], [CODE.uint64, 8],
  [CODE.int8, 1], [CODE.int16, 2], [CODE.int32, 4], [CODE.int64, 8],
  [CODE.float32, 4], [CODE.float64, 8]
] as const) {
  SIZES[code] = size
}

for (const [code, size] of [
  [CODE.bytes8, 1], [CODE.bytes16, 2], [CODE.bytes32, 4],
  [CODE.text8, 1], [CODE.text16, 2], [CODE.text32, 4],
  [CODE.extension8, 2], [CODE.extension16, 3], [CODE.extension32, 5],
  [CODE.fixExtension1, 1], [CODE.fixExtension2, 1], [CODE.fixExtension4, 1], [CODE.fixExtension8, 1], [CODE.fixExtension16, 1],
  [CODE.list16, 2], [CODE.list32, 4], [CODE.map16, 2], [CODE.map32, 4]
] as const) {
  SIZES[code] = HEADED
  HEADERS[code] = size
}

SIZES.fill(HEADED, CODE.fixMap, CODE.fixText)
SIZES[CODE.unused] = HEADED

export class MsgpackScanner extends ByteScanner {
  constructor (limits: MessageLimits) {
    super(limits, SIZES)
  }

  protected override begin (code: number, size: number): boolean {
    const follow = SIZES[code] as number

    if (follow !== HEADED) {
      return this.pass(follow, size)
    }

    const count = HEADERS[code] as number

    return count === 0 ? this.open(size) : this.expectHeader(count)
  }

  protected override open (size: number): boolean {
    const { code, header } = this

    if (code < CODE.fixList) {
      return this.enter((code - CODE.fixMap) * 2, size)
    }

    if (code < CODE.fixText) {
      return this.enter(code - CODE.fixList, size)
    }

    switch (code) {
      case CODE.list16:
      case CODE.list32:
        return this.enter(header, size)
      case CODE.map16:
      case CODE.map32:
        return this.enter(header * 2, size)
      case CODE.extension8:
      case CODE.extension16:
      case CODE.extension32:
        return this.#extension(header % 0x100, Math.floor(header / 0x100), size)
      case CODE.fixExtension1:
      case CODE.fixExtension2:
      case CODE.fixExtension4:
      case CODE.fixExtension8:
      case CODE.fixExtension16:
        return this.#extension(header, 1 << (code - CODE.fixExtension1), size)
      case CODE.unused:
        throw invalidAt(size - 1, 'is 0xc1, which begins no value')
      default:
        return this.pass(header, size)
    }
  }

  #extension (type: number, length: number, size: number): boolean {
    if (isReferenceKind(type)) {
      this.countReference()
    }

    return this.pass(length, size)
  }
}
