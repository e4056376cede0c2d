import { describe, expect, it } from 'vitest'
import { CODECS, cbor, msgpack } from '../../../src/channel/codec/index.ts'
import { context, fromHex, toHex } from './codec-scene.ts'

describe.each([...CODECS.values()])('the bytes that $name writes', (codec) => {
  it('stay as they are when more is written', () => {
    const values = Array.from({ length: 3000 }, (_, i) => ({ id: i, text: 'x'.repeat(i % 50), large: i % 500 === 0 ? 'y'.repeat(30_000) : '' }))

    const written = values.map((value) => codec.encode(value, context()))

    expect(written.map((bytes) => JSON.stringify(codec.decode(bytes, context())))).toEqual(values.map((value) => JSON.stringify(value)))
  })

  it('stay as they are when what comes next cannot be written', () => {
    const first = codec.encode({ a: 1 }, context())
    const hex = toHex(first)

    for (const broken of [[1, new Map()], ['x'.repeat(10_000), new Map()], [new Uint8Array(100_000), new Map()]]) {
      expect(() => codec.encode(broken, context())).toThrow()
      codec.encode({ b: 2 }, context())
    }

    expect(toHex(first)).toBe(hex)
  })

  it('hold on to little memory besides themselves', () => {
    for (const size of [1, 100, 1000, 4000, 5000, 20_000, 70_000, 300_000]) {
      for (const value of ['x'.repeat(size), 'é'.repeat(size), `${'€'.repeat(size)}${'x'.repeat(size * 2)}`, Array.from({ length: size }, (_, i) => i)]) {
        const bytes = codec.encode(value, context())

        expect(bytes.buffer.byteLength).toBeLessThanOrEqual(Math.max(16 * 1024, bytes.length * 2))
      }
    }
  })

  it('are no Buffer, from whatever', () => {
    expect(Object.getPrototypeOf(codec.encode(Buffer.from('abc'), context()))).toBe(Uint8Array.prototype)
  })
})

describe('bytes in a message', () => {
  it('are a view when they are most of what they lie in', () => {
    const message = msgpack.encode(new Uint8Array(100_000), context()).slice()
    const bytes = msgpack.decode(message, context()) as Uint8Array

    expect(bytes.buffer).toBe(message.buffer)
    expect(bytes.length).toBe(100_000)
  })

  it('are a copy when they are less, so that they do not hold on to the rest', () => {
    const chunk = new Uint8Array(64 * 1024)
    const message = msgpack.encode([new Uint8Array(1000).fill(7)], context())

    chunk.set(message, 500)

    const [bytes] = msgpack.decode(chunk.subarray(500, 500 + message.length), context()) as Uint8Array[]

    chunk.fill(0)

    expect(bytes).toStrictEqual(new Uint8Array(1000).fill(7))
    expect(bytes?.buffer.byteLength).toBe(1000)
  })

  it('are a copy at exactly one half', () => {
    const message = fromHex('c40401020304').subarray(0, 6)
    const whole = new Uint8Array(8)

    whole.set(message)

    const half = msgpack.decode(whole.subarray(0, 6), context()) as Uint8Array
    const more = msgpack.decode(message.slice(), context()) as Uint8Array

    expect([half.buffer.byteLength, more.buffer.byteLength]).toEqual([4, 6])
  })

  it.each([['msgpack', msgpack, 'c40401020304'], ['cbor', cbor, '4401020304']] as const)('are no Buffers when %s came as one', (_, codec, hex) => {
    const large = Buffer.from(hex, 'hex')
    const alone = Buffer.alloc(large.length, large)

    for (const message of [large, alone, Buffer.from(new Uint8Array(alone).buffer)]) {
      const bytes = codec.decode(message, context())

      expect(bytes).toStrictEqual(new Uint8Array([1, 2, 3, 4]))
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype)
    }
  })
})

describe('keys of maps, which are remembered', () => {
  it('are not remembered as something else when the bytes that they came in are used again', () => {
    const first = Buffer.from('81a56b6171787a01', 'hex')
    const second = fromHex('81a56b6271787a01')

    expect(msgpack.decode(first, context())).toStrictEqual({ kaqxz: 1 })
    first.set(second)

    expect(msgpack.decode(second, context())).toStrictEqual({ kbqxz: 1 })
    expect(msgpack.decode(first, context())).toStrictEqual({ kbqxz: 1 })
  })

  it('are told from each other, however much alike', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `k${i.toString(36)}x${i % 7}`)
    const value = Object.fromEntries(names.map((name, i) => [name, i]))
    const bytes = msgpack.encode(value, context())

    expect(Object.keys(msgpack.decode(bytes, context()) as object)).toEqual(names)
    expect(Object.keys(msgpack.decode(bytes, context()) as object)).toEqual(names)
  })
})
