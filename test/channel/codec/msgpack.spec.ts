import { decode as referenceDecode, encode as referenceEncode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { msgpack } from '../../../src/channel/codec/index.ts'
import { plainMessage } from './arbitrary-message.ts'
import { context, fromHex, toHex } from './codec-scene.ts'

/** Floats that are integers have forms of their own there, and -0 and what is not safe is no integer here. */
function isSame (value: unknown): boolean {
  if (typeof value === 'number') {
    return !Number.isInteger(value) || (Number.isSafeInteger(value) && !Object.is(value, -0))
  }

  return typeof value !== 'object' || value === null || value instanceof Uint8Array || Object.values(value).every(isSame)
}

describe('msgpack', () => {
  it('writes the bytes that @msgpack/msgpack writes', () => {
    fc.assert(fc.property(plainMessage.filter(isSame), (value) => {
      expect(toHex(msgpack.encode(value, context()))).toBe(toHex(referenceEncode(value)))
    }), { numRuns: 300 })
  })

  it('writes what @msgpack/msgpack reads', () => {
    fc.assert(fc.property(plainMessage, (value) => {
      expect(referenceDecode(msgpack.encode(value, context()))).toStrictEqual(value)
    }), { numRuns: 300 })
  })

  it('reads what @msgpack/msgpack writes', () => {
    fc.assert(fc.property(plainMessage, fc.boolean(), (value, forceIntegerToFloat) => {
      expect(msgpack.decode(referenceEncode(value, { forceIntegerToFloat }), context())).toStrictEqual(value)
    }), { numRuns: 300 })
  })

  it('reads the times and bigints that @msgpack/msgpack writes', () => {
    fc.assert(fc.property(fc.date({ noInvalidDate: true }), fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), (time, large) => {
      const bytes = referenceEncode([time, large, -large / 2n], { useBigInt64: true })
      const half = -large / 2n

      expect(msgpack.decode(bytes, context())).toStrictEqual([time, large, half >= Number.MIN_SAFE_INTEGER ? Number(half) : half])
    }), { numRuns: 300 })
  })

  it('reads any form of an integer', () => {
    for (const value of [0, 1, 127]) {
      const hex = value.toString(16).padStart(2, '0')
      const forms = [hex, ...['cc', 'cd00', 'ce000000', 'cf00000000000000', 'd0', 'd100', 'd2000000', 'd300000000000000'].map((head) => head + hex)]

      expect(forms.map((form) => msgpack.decode(fromHex(form), context()))).toEqual(forms.map(() => value))
    }
  })

  it('says in which byte, or at which place, what it cannot read is', () => {
    const refusals = [
      ['92c001c1', 'byte 3 lies behind the end of the message'],
      ['92c0c1', 'byte 2 is 0xc1, which begins no value'],
      ['92c0', 'byte 2 is missing: the message ends before its last value does'],
      ['81a47573657292c0c70307000000', 'message.user[1] has the extension type 7, which is none of ours'],
      ['81a47573657292c0d60400000000', 'message.user[1] refers to stream 0, which must be from 1 to 2^53 - 1'],
      ['81a47573657282a16101a16102', 'message.user has the key "a" twice'],
      ['81a47573657281a95f5f70726f746f5f5f80', 'message.user has the key __proto__'],
      ['9182a1610181a1620101', 'message[0] has a key that begins with byte 0x81: only strings are keys'],
      ['91c70b0600000000000000000000' + '00', 'message[0] has the extension type 6 with 11 bytes, which is not its length']
    ] as const

    for (const [hex, text] of refusals) {
      expect(() => msgpack.decode(fromHex(hex), context()), hex).toThrow(`the message cannot be decoded: ${text}`)
    }
  })

  it('reads a large list in time that its size decides', () => {
    const value = Array.from({ length: 200_000 }, (_, i) => i % 2 === 0 ? {} : [])

    const bytes = msgpack.encode(value, context())

    expect(bytes.length).toBe(200_005)
    expect((msgpack.decode(bytes, context()) as unknown[]).length).toBe(200_000)
  })
})
