import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { duration, oneOf, protocolName, text, wholeNumber } from '../../src/cli/value-types.ts'

describe('duration', () => {
  it.each([
    ['1500', 1500],
    ['250ms', 250],
    ['10s', 10_000],
    ['0.5s', 500],
    ['2m', 120_000],
    ['1h', 3_600_000]
  ])('reads %s as %d milliseconds', (word, ms) => {
    expect(duration('ms').parse(word)).toBe(ms)
  })

  it('takes a number without a unit for seconds where they are usual', () => {
    expect(duration('s').parse('0.2')).toBe(200)
    expect(duration('s').parse('200ms')).toBe(200)
  })

  it.each(['', '0', '-1', '1e3', '10 s', 's', '10d', 'Infinity', 'NaN', '1.s', '999999h'])("refuses '%s'", (word) => {
    expect(duration('ms').parse(word)).toBeUndefined()
  })

  it('never gives anything but a number above 0', () => {
    fc.assert(fc.property(fc.string(), (word) => {
      const ms = duration('ms').parse(word)

      expect(ms === undefined || (ms > 0 && Number.isFinite(ms))).toBe(true)
    }))
  })
})

describe('wholeNumber', () => {
  it('reads numbers within its bounds, both included', () => {
    const type = wholeNumber(1, 20)

    expect(['1', '20', '007'].map((word) => type.parse(word))).toEqual([1, 20, 7])
  })

  it.each(['0', '21', '1.5', '-3', '0x10', '', 'many', '9'.repeat(16)])("refuses '%s'", (word) => {
    expect(wholeNumber(1, 20).parse(word)).toBeUndefined()
  })
})

describe('oneOf', () => {
  it('gives the word as it is spelled, however it was written', () => {
    expect(oneOf('Ed25519', 'RSA').parse('rsa')).toBe('RSA')
  })

  it('refuses other words', () => {
    expect(oneOf('Ed25519', 'RSA').parse('DSA')).toBeUndefined()
  })
})

describe('protocolName', () => {
  it.each([['/echo/1.0.0', true], ['/x', true], ['echo', false], ['/', false], ['/a b', false], ['', false]])("takes '%s': %s", (word, isTaken) => {
    expect(protocolName.parse(word) != null).toBe(isTaken)
  })
})

describe('text', () => {
  it('is anything but nothing', () => {
    expect(text.parse('a')).toBe('a')
    expect(text.parse('')).toBeUndefined()
  })
})
