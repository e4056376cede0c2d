import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { describe, expect, it } from 'vitest'
import { CipherState } from '../../src/noise/cipher-state.ts'
import { Decryptor } from '../../src/noise/decryptor.ts'
import { Encryptor } from '../../src/noise/encryptor.ts'
import { Nonce } from '../../src/noise/nonce.ts'
import { pattern } from './scene.ts'

const KEY = pattern(32, 42)

/** Sizes around every limit that the code knows. */
const size = fc.oneof(
  fc.constantFrom(1, 511, 512, 513, 1023, 1024, 1025, 65_518, 65_519, 65_520, 66_031, 66_032, 131_038, 131_039),
  fc.nat({ max: 3000 }),
  fc.nat({ max: 150_000 })
)

function encrypt (...writes: Array<Uint8Array | Uint8ArrayList>): Uint8Array {
  const encryptor = new Encryptor(new CipherState(KEY))

  return Buffer.concat(writes.map((write) => encryptor.encrypt(write).subarray()))
}

/** Decrypts as if each chunk had come by itself. */
function decrypt (chunks: Uint8Array[]): { text: Uint8Array, pieces: Uint8Array[] } {
  const pieces: Uint8Array[] = []
  const decryptor = new Decryptor(new CipherState(KEY), (text) => { pieces.push(text) })

  for (const chunk of chunks) {
    decryptor.decrypt(chunk)
    decryptor.flush()
  }

  return { text: Buffer.concat(pieces), pieces }
}

/** Cuts bytes into pieces of these sizes, over and over. */
function cut (bytes: Uint8Array, sizes: number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []

  for (let from = 0, i = 0; from < bytes.byteLength; i++) {
    const piece = bytes.subarray(from, from + (sizes[i % sizes.length] ?? 1))

    pieces.push(piece)
    from += piece.byteLength
  }

  return pieces
}

function equal (left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0
}

describe('messages', () => {
  it('bring what was written, whatever the writes, their pieces, and the pieces in which they arrive', () => {
    fc.assert(fc.property(
      fc.array(fc.record({ size, pieces: fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 4 }) }), { maxLength: 5 }),
      fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 100_000 })), { minLength: 1, maxLength: 6 }),
      (writes, arrivals) => {
        const texts = writes.map(({ size }, i) => pattern(size, i + 1))
        const lists = texts.map((text, i) => new Uint8ArrayList(...cut(text, [...writes[i]?.pieces ?? [], text.byteLength])))

        const { text } = decrypt(cut(encrypt(...lists), arrivals))

        expect(equal(text, Buffer.concat(texts))).toBe(true)
      }
    ), { numRuns: 200 })
  })

  it('say their length first, and have a tag behind', () => {
    const bytes = encrypt(new Uint8Array(100), new Uint8Array(600))

    expect(bytes.byteLength).toBe(2 + 100 + 16 + 2 + 600 + 16)
    expect([...bytes.subarray(0, 2)]).toEqual([0, 116])
    expect([...bytes.subarray(118, 120)]).toEqual([2, 104])
  })

  it.each([
    [65_519, [65_535]],
    [65_520, [65_535, 17]],
    [200_000, [65_535, 65_535, 65_535, 3459]]
  ])('hold 65,519 bytes at most: %i are in messages of %j', (count, lengths) => {
    const bytes = encrypt(pattern(count))
    const found: number[] = []

    for (let at = 0; at < bytes.byteLength; at += 2 + (found.at(-1) ?? 0)) {
      found.push(((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0))
    }

    expect(found).toEqual(lengths)
  })

  it('are written as one piece when short, and else without a copy', () => {
    const encryptor = new Encryptor(new CipherState(KEY))

    expect(encryptor.encrypt(new Uint8Array(512))).toBeInstanceOf(Uint8Array)
    expect([...encryptor.encrypt(new Uint8Array(65_520)) as Uint8ArrayList].map(({ byteLength }) => byteLength)).toEqual([2, 65_519, 16, 19])
  })

  it('leave what was written as it was', () => {
    const text = pattern(70_000)
    const list = new Uint8ArrayList(text.subarray(0, 300), text.subarray(300))

    encrypt(list)

    expect(equal(text, pattern(70_000))).toBe(true)
    expect(list.byteLength).toBe(70_000)
  })

  it('are read without a change to the bytes that arrived', () => {
    const bytes = encrypt(pattern(100), pattern(5000))
    const before = Uint8Array.from(bytes)

    decrypt([bytes])

    expect(equal(bytes, before)).toBe(true)
  })

  it('are given as plain Uint8Arrays, whose slices are copies', () => {
    const { pieces } = decrypt([encrypt(pattern(10), pattern(1000), pattern(70_000))])

    expect(pieces.map(({ constructor }) => constructor)).toEqual([Uint8Array, Uint8Array, Uint8Array, Uint8Array])
  })

  it('may be empty', () => {
    const cipher = new CipherState(KEY)
    const empty = new Uint8Array(18)

    empty[1] = 16
    cipher.seal(new Uint8Array(0), empty.subarray(2))

    const rest = new Encryptor(cipher).encrypt(pattern(10)).subarray()

    expect(decrypt([empty, rest]).pieces).toEqual([pattern(10)])
  })

  it('that are short and come together are given as one piece', () => {
    const { pieces } = decrypt([encrypt(pattern(10), pattern(20), pattern(600), pattern(30), pattern(40))])

    expect(pieces.map(({ byteLength }) => byteLength)).toEqual([30, 600, 70])
  })

  it('that come in single bytes cost no buffer for each', () => {
    const { text, pieces } = decrypt(cut(encrypt(pattern(65_519)), [1]))

    expect(equal(text, pattern(65_519))).toBe(true)
    expect(pieces).toHaveLength(64)
  })

  it('give nothing before their tag has come', () => {
    for (const count of [1, 512, 513, 65_519]) {
      const bytes = encrypt(pattern(count))

      expect(decrypt(cut(bytes.subarray(0, -1), [1000])).pieces).toEqual([])
      expect(equal(decrypt([bytes.subarray(0, -1), bytes.subarray(-1)]).text, pattern(count))).toBe(true)
    }
  })

  it.each([1, 100, 512, 513, 3000, 65_519])('of %i bytes are refused with any one byte changed, and give nothing', (count) => {
    const bytes = encrypt(pattern(count))
    const everywhere = [2, 2 + Math.floor(count / 2), count + 1, count + 2, count + 9, count + 17]
    const given: Uint8Array[] = []

    for (const at of everywhere) {
      for (const arrivals of [[bytes.byteLength], [1400], [7]]) {
        const changed = Uint8Array.from(bytes)
        const decryptor = new Decryptor(new CipherState(KEY), (text) => { given.push(text) })

        changed[at] = (changed[at] ?? 0) ^ 0x80

        expect(() => { cut(changed, arrivals).forEach((chunk) => { decryptor.decrypt(chunk) }) }).toThrow(expect.objectContaining({ code: 'ProtocolViolation', rule: 'tag' }))
        decryptor.flush()
      }
    }

    expect(given).toEqual([])
  })

  it('are refused when they come twice, out of order, or not at all', () => {
    for (const count of [50, 5000]) {
      const encryptor = new Encryptor(new CipherState(KEY))
      const [first, second] = [pattern(count), pattern(count)].map((text) => encryptor.encrypt(text).subarray()) as [Uint8Array, Uint8Array]
      const refusal = expect.objectContaining({ rule: 'tag' })

      expect(() => decrypt([first, first])).toThrow(refusal)
      expect(() => decrypt([second])).toThrow(refusal)
      expect(() => decrypt([second, first])).toThrow(refusal)
    }
  })

  it('give what was proven before one that is refused', () => {
    const bytes = encrypt(pattern(10), pattern(600), pattern(20))
    const given: number[] = []
    const decryptor = new Decryptor(new CipherState(KEY), ({ byteLength }) => { given.push(byteLength) })

    bytes[bytes.byteLength - 1] = (bytes.at(-1) ?? 0) ^ 1

    expect(() => { decryptor.decrypt(bytes) }).toThrow(expect.objectContaining({ rule: 'tag' }))
    decryptor.flush()
    expect(given).toEqual([10, 600])
  })

  it.each([0, 1, 15])('are refused with a length of %i, which leaves no room for a tag', (length) => {
    expect(() => decrypt([Uint8Array.of(0, length)])).toThrow(`a message must have at least the 16 bytes of its tag, received the length ${length}`)
  })

  it('tell how much of one is missing', () => {
    const bytes = encrypt(pattern(1000))
    const decryptor = new Decryptor(new CipherState(KEY), () => {})
    const found = cut(bytes, [1, 1, 500, 516]).map((piece) => {
      decryptor.decrypt(piece)

      return decryptor.partial
    })

    expect(found).toEqual([{ received: 1, wanted: undefined }, { received: 2, wanted: 1018 }, { received: 502, wanted: 1018 }, undefined])
  })

  it('go beyond 2^32 of a key, and end before a nonce comes twice', () => {
    const at = (low: number, high: number): CipherState => new CipherState(KEY, new Nonce(low, high))
    const encryptor = new Encryptor(at(2 ** 32 - 1, 0))
    const received: Uint8Array[] = []
    const decryptor = new Decryptor(at(2 ** 32 - 1, 0), (text) => { received.push(text) })

    for (const count of [700, 20]) {
      decryptor.decrypt(encryptor.encrypt(pattern(count)).subarray())
    }

    decryptor.flush()
    expect(received.map(({ byteLength }) => byteLength)).toEqual([700, 20])

    const last = new Encryptor(at(2 ** 32 - 2, 2 ** 32 - 1))

    last.encrypt(pattern(10))
    expect(() => last.encrypt(pattern(10))).toThrow(expect.objectContaining({ code: 'ResourceLimit' }))
    expect(() => last.encrypt(pattern(1000))).toThrow(expect.objectContaining({ code: 'ResourceLimit' }))
  })
})
