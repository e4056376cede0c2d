import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { json } from '../../../src/channel/codec/index.ts'
import { plainMessage } from './arbitrary-message.ts'
import { context, fromText, toText } from './codec-scene.ts'

/** What JSON has itself: no bytes, no marks, and no numbers that JSON lacks. */
function isJson (value: unknown): boolean {
  if (typeof value === 'number') {
    return Number.isFinite(value) && !Object.is(value, -0) && (Math.abs(value) < 2 ** 53)
  }

  if (typeof value !== 'object' || value === null) {
    return true
  }

  const keys = Object.keys(value)

  return !(value instanceof Uint8Array) && !(keys.length === 1 && keys[0]?.startsWith('$')) && Object.values(value).every(isJson)
}

describe('json', () => {
  it('writes what JSON.stringify writes, where JSON has all of it', () => {
    fc.assert(fc.property(plainMessage.filter(isJson), (value) => {
      expect(toText(json.encode(value, context()))).toBe(JSON.stringify(value))
    }), { numRuns: 300 })
  })

  it('reads what JSON.stringify writes, with white space', () => {
    fc.assert(fc.property(plainMessage.filter(isJson), fc.constantFrom('', ' ', '\t', '\r\n'), (value, space) => {
      expect(json.decode(fromText(JSON.stringify(value, null, space)), context())).toStrictEqual(value)
    }), { numRuns: 300 })
  })

  it('accepts exactly what JSON.parse accepts, but for keys and integers', () => {
    const token = fc.constantFrom('[', ']', '{', '}', ',', ':', '"', '"a"', '"\\n"', '\\', '1', '-1', '0', '01', '1.5', '1e3', '.', 'true', 'null', 'nul', ' ', '\n', '\0')

    fc.assert(fc.property(fc.array(token, { maxLength: 9 }), (tokens) => {
      const text = tokens.join('')
      let expected: unknown

      // this key makes JSON.parse of Node 24 mistake others for it, from then on
      fc.pre(!text.includes('"\\\\"'))

      try {
        expected = JSON.parse(text)
      } catch {
        expect(() => json.decode(fromText(text), context())).toThrow(expect.objectContaining({ code: 'InvalidMessage' }))

        return
      }

      expect(json.decode(fromText(text), context())).toEqual(expected)
    }), { numRuns: 5000 })
  })

  it('reads every number that JSON.stringify writes as it was', () => {
    fc.assert(fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }).filter((value) => value !== 0), (value) => {
      const text = Number.isInteger(value) ? value.toExponential() : String(value)

      expect(json.decode(fromText(text), context())).toBe(value)
    }), { numRuns: 500 })
  })

  it('gives back the keys that are there, whatever keys other messages had', () => {
    // V8 of Node 24 takes the second key for the first one in JSON.parse
    const first = { h: 1, '\\': 2 }
    const second = { h: 1, '\n': 2 }

    JSON.parse(JSON.stringify(first))

    expect(json.decode(json.encode(first, context()), context())).toStrictEqual(first)
    expect(json.decode(json.encode(second, context()), context())).toStrictEqual(second)
  })

  it('says in which byte, or at which place, what it cannot read is', () => {
    const refusals = [
      ['[1,]', 'byte 3 is 0x5d where a value must be'],
      ['[1', 'byte 2 is missing where \']\' must be'],
      ['{"a":1 "b":2}', 'byte 7 is 0x22 where \'}\' must be'],
      ['{"a" 1}', 'byte 5 is 0x31 where \':\' must be'],
      ['1 2', 'byte 2 is 0x32 where the end must be'],
      ['["a\n"]', 'byte 3 is 0x0a where the rest of a string must be'],
      ['[1,01]', 'byte 3 begins a number that is none in JSON'],
      ['["\\x"]', 'byte 1 begins a string that is none in JSON'],
      ['{"a":1,"a":2}', 'byte 7 begins the key "a", which its map has already'],
      ['{"__proto__":2}', 'byte 1 begins the key __proto__'],
      ['[9007199254740993]', 'byte 1 begins an integer that is not from -(2^53 - 1) to 2^53 - 1, and must be written as {"$int":"..."}'],
      ['{"user":[{"$bytes":"?"}]}', 'message.user[0] has $bytes with something else than spec-channel 5.4 says'],
      ['{"user":[{"$what":1}]}', 'message.user[0] has the key "$what" alone, which means nothing: a map of this kind must be written as {"$map":{...}}'],
      ['[{"$map":1}]', 'message[0] has $map around something that is no map']
    ] as const

    for (const [text, fault] of refusals) {
      expect(() => json.decode(fromText(text), context()), text).toThrow(`the message cannot be decoded: ${fault}`)
    }
  })

  it('reads long strings with many escapes and quotes in time that their length decides', () => {
    const value = ['\\'.repeat(300_000), '"'.repeat(300_000), '\n"\\'.repeat(100_000)]

    expect(json.decode(json.encode(value, context()), context())).toStrictEqual(value)
  })

  it('reads long numbers, texts and spaces', () => {
    const digits = '1'.repeat(500_000)

    expect(json.decode(fromText(`[0.${digits}]`), context())).toStrictEqual([1 / 9])
    expect(() => json.decode(fromText(`[${digits}]`), context())).toThrow(expect.objectContaining({ code: 'InvalidMessage' }))
    expect(json.decode(fromText(`${' '.repeat(500_000)}1${'\n'.repeat(500_000)}`), context())).toBe(1)
  })

  it('writes no half of a surrogate pair, which other parsers refuse', () => {
    expect(toText(json.encode(['a\uD800', '\uDC00'], context()))).toBe('["a\uFFFD","\uFFFD"]')
  })

  it('writes the large bytes that it reads', () => {
    const value = new Uint8Array(100_001).map((_, i) => i * 7)

    expect(Buffer.compare(json.decode(json.encode(value, context()), context()) as Uint8Array, value)).toBe(0)
    expect(toText(json.encode(value, context()))).toBe(`{"$bytes":"${Buffer.from(value).toString('base64')}"}`)
  })
})
