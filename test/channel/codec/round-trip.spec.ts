import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CODECS } from '../../../src/channel/codec/index.ts'
import { message, text } from './arbitrary-message.ts'
import { context } from './codec-scene.ts'

describe.each([...CODECS.values()])('the codec $name', (codec) => {
  it('gives back every message as it was', () => {
    fc.assert(fc.property(message, (value) => {
      const bytes = codec.encode(value, context())

      expect(codec.decode(bytes, context())).toStrictEqual(value)
    }), { numRuns: 500 })
  })

  it('writes the same message with the same bytes', () => {
    fc.assert(fc.property(message, (value) => {
      const bytes = codec.encode(value, context())
      const again = codec.encode(codec.decode(bytes, context()), context())

      expect(again).toEqual(bytes)
    }), { numRuns: 200 })
  })

  it('keeps the order of keys', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.string({ minLength: 1, unit: 'grapheme' }).map((name) => `k${name}`), { maxLength: 40 }), (keys) => {
      const value = Object.fromEntries(keys.map((name, i) => [name, i]))

      expect(Object.keys(codec.decode(codec.encode(value, context()), context()) as object)).toEqual(keys)
    }), { numRuns: 100 })
  })

  it('gives back texts of all lengths around which headers grow, of characters of 1 to 4 bytes', () => {
    for (const character of ['a', 'é', '€', '😀']) {
      for (const size of [14, 15, 16, 17, 23, 24, 25, 31, 32, 33, 255, 256, 257, 4096, 16_384, 65_535, 65_536, 65_537]) {
        const bytes = Math.ceil(size / Buffer.byteLength(character))
        const value = [character.repeat(bytes), `a${character.repeat(bytes)}`, `${'a'.repeat(size)}${character}`]

        expect(codec.decode(codec.encode(value, context()), context())).toStrictEqual(value)
      }
    }
  })

  it('gives back what leaves a buffer at any place', () => {
    fc.assert(fc.property(fc.array(fc.oneof(text, fc.uint8Array({ maxLength: 9000 }).map((bytes) => new Uint8Array(bytes))), { maxLength: 30 }), (value) => {
      const bytes = codec.encode(value, context())

      expect(codec.decode(bytes, context())).toStrictEqual(value)
    }), { numRuns: 200 })
  })
})
