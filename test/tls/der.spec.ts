import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { der, DerError, DerReader, TAG } from '../../src/tls/der.ts'

function reader (...bytes: number[]): DerReader {
  return new DerReader(Uint8Array.from(bytes))
}

describe('DER', () => {
  it.each([
    [0, [0x04, 0x00]],
    [1, [0x04, 0x01]],
    [127, [0x04, 0x7F]],
    [128, [0x04, 0x81, 0x80]],
    [255, [0x04, 0x81, 0xFF]],
    [256, [0x04, 0x82, 0x01, 0x00]],
    [65_536, [0x04, 0x83, 0x01, 0x00, 0x00]]
  ])('writes the length %i in its shortest form', (length, header) => {
    const element = der(TAG.octetString, new Uint8Array(length))

    expect([...element.subarray(0, header.length)]).toEqual(header)
    expect(element.byteLength).toBe(header.length + length)
  })

  it('reads what it writes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 70_000, size: 'max' }), (bytes) => {
      const list = new DerReader(der(TAG.sequence, der(TAG.octetString, bytes), der(TAG.oid, bytes))).enter(TAG.sequence)

      expect(Buffer.compare(list.read(TAG.octetString), bytes)).toBe(0)
      expect(Buffer.compare(list.readWhole(TAG.oid), der(TAG.oid, bytes))).toBe(0)
      expect(list.isAtEnd).toBe(true)
    }), { numRuns: 50 })
  })

  it('knows what is next', () => {
    const at = reader(0x04, 0x00)

    expect([at.isNext(TAG.octetString), at.isNext(TAG.oid), at.isAtEnd]).toEqual([true, false, false])

    at.read(TAG.octetString)

    expect([at.isNext(TAG.octetString), at.isAtEnd]).toEqual([false, true])
  })

  it.each([
    ['nothing', [], 'wanted one more element'],
    ['another tag', [0x05, 0x00], 'wanted an element with tag 4, received 5'],
    ['no length', [0x04], 'wanted one more element'],
    ['a length beyond the end', [0x04, 0x02, 0x00], 'has 2 bytes, and there are 1'],
    ['an indefinite length', [0x04, 0x80, 0x00, 0x00], 'a length must be definite'],
    ['a length of too many bytes', [0x04, 0x85, 1, 0, 0, 0, 0], 'a length must be definite'],
    ['half a length', [0x04, 0x82, 0x01], 'wanted one more element'],
    ['a long length that could be short', [0x04, 0x81, 0x7F], 'shortest form'],
    ['a length that begins with zero', [0x04, 0x82, 0x00, 0x80], 'shortest form'],
    ['the largest length', [0x04, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], 'has 4294967295 bytes, and there are 0']
  ])('refuses %s', (_, bytes, message) => {
    expect(() => reader(...bytes).read(TAG.octetString)).toThrow(DerError)
    expect(() => reader(...bytes).read(TAG.octetString)).toThrow(message)
  })

  it('refuses a tag of several bytes even if that is wanted', () => {
    expect(() => reader(0x1F, 0x00).read(0x1F)).toThrow(DerError)
  })

  it('refuses what follows the end', () => {
    expect(() => { reader(0x00).assertEnd() }).toThrow('wanted nothing more, and there are 1 bytes')
  })
})
