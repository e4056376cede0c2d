import { describe, expect, it, vi } from 'vitest'
import { CODECS } from '../../../src/channel/codec/index.ts'
import { context, End, fromHex, LIMITS } from './codec-scene.ts'
import type { Codec, MessageLimits } from '../../../src/channel/contract/index.ts'

function nested (depth: number, wrap: (value: unknown) => unknown): unknown {
  let value: unknown = wrap(null)

  for (let i = 1; i < depth; i++) {
    value = wrap(value)
  }

  return value
}

function scan (codec: Codec, bytes: Uint8Array, limits: MessageLimits): number | undefined {
  return codec.createScanner?.(limits).scan(bytes, 0)
}

const all = [...CODECS.values()]
const scannable = all.filter((codec) => codec.createScanner != null)

const messages: ReadonlyArray<readonly [string, unknown]> = [
  ['an integer', 70_000],
  ['a short text', 'hello'],
  ['a text that is not ASCII', 'é'.repeat(100)],
  ['a text that does not fit into any buffer at hand', 'x'.repeat(100_000)],
  ['bytes', new Uint8Array(20_000)],
  ['a map', { id: 12_345, op: 'get', tags: ['a', 'b'] }],
  ['references', [new End(1, 1), new End(4, 2)]],
  ['many small values', Array.from({ length: 30_000 }, (_, i) => i)],
  ['a map that loses an entry', Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`k${i}`, i === 0 ? undefined : i]))]
]

describe.each(all)('the limits of $name', (codec) => {
  it.each(messages)('let pass as many bytes as allowed, and not one more: %s', (_, value) => {
    const bytes = codec.encode(value, context())
    const enough = context({ maxMessageBytes: bytes.length })
    const tooFew = context({ maxMessageBytes: bytes.length - 1 })
    const tooLarge = expect.objectContaining({
      code: 'MessageTooLarge',
      message: `the message has more than ${bytes.length - 1} bytes (maxMessageBytes): send it in parts, or as a byte stream`
    })

    expect(Buffer.compare(codec.encode(value, enough), bytes)).toBe(0)
    expect(() => codec.decode(bytes, enough)).not.toThrow()
    expect(() => codec.encode(value, tooFew)).toThrow(tooLarge)
    expect(() => codec.decode(bytes, tooFew)).toThrow(tooLarge)
  })

  it.each([
    ['lists', (value: unknown) => [value]],
    ['empty lists inside', (value: unknown) => [value ?? 1, []]],
    ['maps', (value: unknown) => ({ a: value })],
    ['maps that look like marks', (value: unknown) => ({ $ref: value })],
    ['maps that look like the mark of maps', (value: unknown) => ({ $map: value })]
  ])('let pass as many %s within each other as allowed, and not one more', (name, wrap) => {
    const deepest = name === 'empty lists inside' ? 4 : 5
    const atLimit = nested(deepest, wrap)
    const above = nested(deepest + 1, wrap)
    const limited = context({ maxDepth: 5 })
    const tooDeep = expect.objectContaining({ code: 'MessageTooDeep', message: expect.stringContaining('more than 5 deep (maxDepth)') })

    expect(codec.decode(codec.encode(atLimit, limited), limited)).toStrictEqual(atLimit)
    expect(() => codec.encode(above, limited)).toThrow(tooDeep)
    expect(() => codec.decode(codec.encode(above, context()), limited)).toThrow(tooDeep)
  })

  it('count lists side by side once', () => {
    const limited = context({ maxDepth: 2 })
    const value = [[], [1], [], { a: 1 }, 'x']

    expect(codec.decode(codec.encode(value, limited), limited)).toStrictEqual(value)
  })

  it('do not count references, times and bytes as depth', () => {
    const limited = context({ maxDepth: 1 })
    const value = [new End(4, 1), new Date(0), new Uint8Array(1), 2n ** 63n, NaN]

    expect(codec.decode(codec.encode(value, limited), limited)).toStrictEqual(value)
  })

  it('let pass a value that is no list or map where none is allowed', () => {
    const limited = context({ maxDepth: 0 })

    expect(codec.decode(codec.encode('x', limited), limited)).toBe('x')
    expect(() => codec.encode([], limited)).toThrow(expect.objectContaining({ code: 'MessageTooDeep' }))
    expect(() => codec.decode(codec.encode([], context()), limited)).toThrow(expect.objectContaining({ code: 'MessageTooDeep' }))
  })

  it('let pass as many references as allowed, and not one more, of which none is resolved', () => {
    const limited = context({ maxReferences: 3 })
    const atLimit = { a: new End(1, 1), b: [new End(2, 2), { c: new End(5, 2 ** 40) }] }
    const above = [atLimit, new End(4, 9)]
    const resolve = vi.fn()
    const tooMany = expect.objectContaining({
      code: 'TooManyReferences',
      message: 'the message has more than 3 channels and byte streams (maxReferences): send them in several messages'
    })

    expect(codec.decode(codec.encode(atLimit, limited), limited)).toStrictEqual(atLimit)
    expect(() => codec.encode(above, limited)).toThrow(tooMany)
    expect(() => codec.decode(codec.encode(above, context()), { limits: limited.limits, resolve })).toThrow(tooMany)
    expect(resolve).not.toHaveBeenCalled()
  })
})

describe.each(scannable)('the limits of the scanner of $name', (codec) => {
  it.each(messages)('are those of decoding: %s', (_, value) => {
    const bytes = codec.encode(value, context())

    expect(scan(codec, bytes, { ...LIMITS, maxMessageBytes: bytes.length })).toBe(bytes.length)
    expect(() => scan(codec, bytes, { ...LIMITS, maxMessageBytes: bytes.length - 1 })).toThrow(expect.objectContaining({ code: 'MessageTooLarge' }))
  })

  it('count depth and references of each message anew', () => {
    const limits = { ...LIMITS, maxDepth: 2, maxReferences: 1, maxMessageBytes: 40 }
    const message = codec.encode([[new End(4, 1)]], context())
    const scanner = codec.createScanner?.(limits)
    const stream = new Uint8Array(message.length * 20)

    for (let i = 0; i < 20; i++) {
      stream.set(message, i * message.length)
    }

    for (let end = 0; end < stream.length;) {
      const next = scanner?.scan(stream, end)

      expect(next).toBe(end + message.length)
      end = next ?? stream.length
    }

    expect(() => scan(codec, codec.encode([[new End(4, 1)], new End(4, 1)], context()), limits)).toThrow(expect.objectContaining({ code: 'TooManyReferences' }))
    expect(() => scan(codec, codec.encode([[[]]], context()), limits)).toThrow(expect.objectContaining({ code: 'MessageTooDeep' }))
  })
})

describe('lengths that the header of a value claims', () => {
  it.each([
    ['msgpack', 'dbffffffff'], ['msgpack', 'c6ffffffff'], ['msgpack', 'ddffffffff'], ['msgpack', 'dfffffffff'], ['msgpack', 'c9ffffffff04'],
    ['cbor', '7bffffffffffffffff'], ['cbor', '5affffffff'], ['cbor', '9affffffff'], ['cbor', 'bbffffffffffffffff']
  ])('are refused by the scanner of %s before what they announce has come: %s', (name, hex) => {
    const scanner = CODECS.get(name)?.createScanner?.(LIMITS)

    expect(() => scanner?.scan(fromHex(hex), 0)).toThrow(expect.objectContaining({ code: 'MessageTooLarge' }))
  })

  it('may be the whole limit', () => {
    const header = fromHex('db00000064')
    const scanner = CODECS.get('msgpack')?.createScanner?.({ ...LIMITS, maxMessageBytes: 105 })
    const smaller = CODECS.get('msgpack')?.createScanner?.({ ...LIMITS, maxMessageBytes: 104 })

    expect(scanner?.scan(header, 0)).toBe(-1)
    expect(scanner?.scan(new Uint8Array(100), 0)).toBe(100)
    expect(() => smaller?.scan(header, 0)).toThrow(expect.objectContaining({ code: 'MessageTooLarge' }))
  })
})
