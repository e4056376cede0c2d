import { decode as referenceDecode, encode as referenceEncode } from 'cborg'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cbor } from '../../../src/channel/codec/index.ts'
import { plainMessage } from './arbitrary-message.ts'
import { context, fromHex, toHex } from './codec-scene.ts'

/** cborg drops the sign of -0, and byte order marks. */
function isKept (value: unknown): boolean {
  if (typeof value === 'string') {
    return !value.startsWith('\uFEFF')
  }

  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) {
    return !Object.is(value, -0)
  }

  return Object.entries(value).every(([key, inner]) => isKept(key) && isKept(inner))
}

// in the order of the keys, and all floats with 64 bits
const asOurs = { float64: true, mapSorter: () => 0 }

describe('cbor', () => {
  it('writes the bytes that cborg writes', () => {
    fc.assert(fc.property(plainMessage.filter(isKept), (value) => {
      expect(toHex(cbor.encode(value, context()))).toBe(toHex(referenceEncode(value, asOurs)))
    }), { numRuns: 300 })
  })

  it('writes what cborg reads, strictly', () => {
    fc.assert(fc.property(plainMessage.filter(isKept), (value) => {
      expect(referenceDecode(cbor.encode(value, context()), { strict: true, rejectDuplicateMapKeys: true })).toStrictEqual(value)
    }), { numRuns: 300 })
  })

  it('reads what cborg writes, with floats of all lengths', () => {
    fc.assert(fc.property(plainMessage.filter(isKept), (value) => {
      expect(cbor.decode(referenceEncode(value), context())).toStrictEqual(value)
    }), { numRuns: 300 })
  })

  it('reads every half float as cborg does', () => {
    for (let half = 0; half < 0x10000; half++) {
      const bytes = new Uint8Array([0xF9, half >> 8, half & 0xFF])

      // NaN is not itself
      if (!Object.is(cbor.decode(bytes, context()), referenceDecode(bytes))) {
        expect.fail(`0x${half.toString(16)} is ${String(cbor.decode(bytes, context()))}`)
      }
    }
  })

  it('reads lists and maps without lengths as cborg does', () => {
    fc.assert(fc.property(plainMessage.filter(isKept), (value) => {
      const list = fromHex(`9f${toHex(cbor.encode(value, context()))}bf6161${toHex(cbor.encode(value, context()))}ffff`)

      expect(cbor.decode(list, context())).toStrictEqual(referenceDecode(list))
    }), { numRuns: 100 })
  })

  it('says in which byte, or at which place, what it cannot read is', () => {
    const refusals = [
      ['8200fe', 'byte 2 is 0xfe, which begins no value'],
      ['8200ff', 'byte 2 is a break where a value must be'],
      ['7f6161416261ff', 'byte 3 begins something else than a part of the text or bytes around it'],
      ['a1647573657282f6c500', 'message.user[1] has the tag 5 around something of major type 0, which is none of ours'],
      ['813bffffffffffffffff', 'message[0] is -18446744073709551616, and integers begin at -2^63'],
      ['81c1f97e00', 'message[0] is the time NaN s since 1970, which no Date can hold'],
      ['81da6c63680400', 'message[0] refers to stream 0, which must be from 1 to 2^53 - 1'],
      ['81a2616101616102', 'message[0] has the key "a" twice']
    ] as const

    for (const [hex, text] of refusals) {
      expect(() => cbor.decode(fromHex(hex), context()), hex).toThrow(`the message cannot be decoded: ${text}`)
    }
  })

  it('takes a million parts of bytes for what they have, not for a million objects', () => {
    const bytes = new Uint8Array(1_000_003).fill(0x40)

    bytes.set([0x5F, 0x41, 7])
    bytes[bytes.length - 1] = 0xFF

    expect(cbor.decode(bytes, context())).toStrictEqual(new Uint8Array([7]))
  })

  it('reads tags within each other to no depth at all', () => {
    const bytes = new Uint8Array(1_000_000).fill(0xC1)

    bytes[bytes.length - 1] = 0

    expect(() => cbor.decode(bytes, context())).toThrow(expect.objectContaining({ code: 'InvalidMessage' }))
  })
})
