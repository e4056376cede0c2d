import { describe, expect, it, vi } from 'vitest'
import { CODECS, msgpack } from '../../../src/channel/codec/index.ts'
import { REFERENCE } from '../../../src/channel/contract/index.ts'
import { context, End, fromHex, LIMITS } from './codec-scene.ts'
import type { Reference } from '../../../src/channel/contract/index.ts'

class Socket {}

const SENDER = new End(REFERENCE.inboundChannel, 3)
const STREAM = new End(REFERENCE.duplexStream, 5)

function webPair (): { readable: ReadableStream, writable: WritableStream } {
  return { readable: new ReadableStream(), writable: new WritableStream() }
}

describe.each([...CODECS.values()])('references in $name', (codec) => {
  it('are asked for with the object itself, each time that it occurs, in order', () => {
    const socket = new Socket()
    const end = new Socket()
    const refer = vi.fn().mockReturnValueOnce(SENDER).mockReturnValue(STREAM)

    const bytes = codec.encode({ a: socket, b: [end, 1, socket] }, { limits: LIMITS, refer })

    expect(refer.mock.calls).toEqual([[socket], [end], [socket]])
    expect(refer.mock.calls[1]?.[0]).toBe(end)
    expect(codec.decode(bytes, context())).toStrictEqual({ a: SENDER, b: [STREAM, 1, STREAM] })
  })

  it('are not asked for with plain data', () => {
    const refer = vi.fn()
    const data = [{ a: [] }, new Date(0), new Uint8Array(1), Buffer.from('a'), Object.create(null), { readable: true }, { writable: 1 }, { readable: 1, writable: undefined }]

    codec.encode(data, { limits: LIMITS, refer })

    expect(refer).not.toHaveBeenCalled()
  })

  it('stand for a pair of WHATWG streams, which is a plain object', () => {
    const pair = webPair()
    const refer = vi.fn().mockReturnValue(STREAM)

    const bytes = codec.encode([pair], { limits: LIMITS, refer })

    expect(refer.mock.calls).toEqual([[pair]])
    expect(codec.decode(bytes, context())).toStrictEqual([STREAM])
  })

  it('do not stand for data that has the keys of such a pair', () => {
    const data = { readable: true, writable: false }
    const refer = vi.fn()

    const bytes = codec.encode(data, { limits: LIMITS, refer })

    expect(refer.mock.calls).toEqual([[data]])
    expect(codec.decode(bytes, context())).toStrictEqual(data)
  })

  it('pass on what asking throws, and the next message is as if nothing had been', () => {
    const refer = (): Reference => { throw new Error('no more streams') }

    expect(() => codec.encode({ a: 'x'.repeat(9000), b: new Socket() }, { limits: LIMITS, refer })).toThrow('no more streams')
    expect(codec.decode(codec.encode({ a: 1 }, context()), context())).toStrictEqual({ a: 1 })
  })

  it('may lead to other messages while one is encoded', () => {
    const inner = codec.encode({ inner: 1 }, context())
    const refer = vi.fn().mockImplementation(() => {
      expect(codec.encode({ inner: 1 }, context())).toEqual(inner)

      return SENDER
    })

    const bytes = codec.encode([1, new Socket(), 2, new Socket()], { limits: LIMITS, refer })

    expect(refer).toHaveBeenCalledTimes(2)
    expect(codec.decode(bytes, context())).toStrictEqual([1, SENDER, 2, SENDER])
  })

  it('may lead to other messages while one is decoded', () => {
    const bytes = codec.encode([SENDER, { a: STREAM }], context())
    const resolve = vi.fn().mockImplementation(({ ref }) => codec.decode(codec.encode([ref], context()), context()))

    expect(codec.decode(bytes, { limits: LIMITS, resolve })).toStrictEqual([[3], { a: [5] }])
  })

  it('are resolved in order, and what they stand for is where they were', () => {
    const bytes = codec.encode({ z: SENDER, a: [STREAM, { b: SENDER }] }, context())
    const resolve = vi.fn().mockReturnValueOnce('first').mockReturnValueOnce(undefined).mockReturnValueOnce('third')

    const value = codec.decode(bytes, { limits: LIMITS, resolve })

    expect(value).toStrictEqual({ z: 'first', a: [undefined, { b: 'third' }] })
    expect(Object.keys(value as object)).toEqual(['z', 'a'])
    expect(resolve.mock.calls).toEqual([[{ kind: 4, ref: 3 }], [{ kind: 1, ref: 5 }], [{ kind: 4, ref: 3 }]])
  })

  it('may be the whole message', () => {
    expect(codec.decode(codec.encode(SENDER, context()), context())).toStrictEqual(SENDER)
  })

  it('pass on what resolving throws', () => {
    const bytes = codec.encode([SENDER], context())
    const resolve = (): never => { throw new Error('gone') }

    expect(() => codec.decode(bytes, { limits: LIMITS, resolve })).toThrow('gone')
    expect(codec.decode(bytes, context())).toStrictEqual([SENDER])
  })
})

describe('references in a message that turns out to be invalid', () => {
  it.each([
    ['a key that is there twice', 'msgpack', '82a172d60400000003a17201'],
    ['an unknown extension behind', 'msgpack', '92d60400000003d40700'],
    ['an invalid reference behind', 'msgpack', '92d60400000003d60400000000'],
    ['a key that is no string', 'msgpack', '92d60400000003810101'],
    ['a value behind the message', 'msgpack', '91d6040000000301'],
    ['an unknown tag behind', 'cbor', '82da6c63680403c000'],
    ['a key that is there twice', 'cbor', 'a26172da6c63680403617201'],
    ['an unknown mark behind', 'json', '5b7b2224726566223a5b342c335d7d2c7b222478223a317d5d']
  ])('are not resolved: %s', (_, name, hex) => {
    const resolve = vi.fn()

    expect(() => CODECS.get(name)?.decode(fromHex(hex), { limits: LIMITS, resolve })).toThrow(expect.objectContaining({ code: 'InvalidMessage' }))
    expect(resolve).not.toHaveBeenCalled()
  })

  it('do not turn up in the next one', () => {
    const resolve = vi.fn().mockReturnValue('resolved')

    expect(() => msgpack.decode(fromHex('92d60400000003d40700'), { limits: LIMITS, resolve })).toThrow()

    expect(msgpack.decode(fromHex('91d60400000009'), { limits: LIMITS, resolve })).toStrictEqual(['resolved'])
    expect(resolve.mock.calls).toEqual([[{ kind: 4, ref: 9 }]])
  })
})
