import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { CODECS } from '../../../src/channel/codec/index.ts'
import { context } from './codec-scene.ts'
import type { Codec } from '../../../src/channel/contract/index.ts'

class User {
  readonly name = 'Ada'
}

function roundTrip (codec: Codec, value: unknown): unknown {
  return codec.decode(codec.encode(value, context()), context())
}

function plainMap (entries: ReadonlyArray<readonly [PropertyKey, PropertyDescriptor]>): object {
  return Object.defineProperties({ here: 1 }, Object.fromEntries(entries))
}

function cyclic (): unknown {
  const map: Record<string, unknown> = {}

  map['self'] = [map]

  return map
}

const WANTED = 'which cannot be sent: send plain objects, arrays, strings, numbers, bigints, booleans, null, Dates, Uint8Arrays, channels or byte streams'

describe.each([...CODECS.values()])('data in $name', (codec) => {
  it.each([
    ['an undefined message as null', undefined, null],
    ['undefined in a list as null', [undefined, 1], [null, 1]],
    ['undefined in a map not at all', { a: undefined, b: 1, c: undefined }, { b: 1 }],
    ['a map of nothing but undefined as an empty one', { a: undefined }, {}],
    // eslint-disable-next-line no-sparse-arrays
    ['holes of an array as null', [, 1, ,], [null, 1, null]],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['a safe bigint as a number', [5n, -(2n ** 53n) + 1n], [5, -(2 ** 53) + 1]],
    ['a Buffer as Uint8Array', Buffer.from('abc'), new Uint8Array([97, 98, 99])],
    ['a part of a buffer', new Uint8Array([1, 2, 3, 4]).subarray(1, 3), new Uint8Array([2, 3])],
    ['an array of a class of its own', Object.setPrototypeOf([1, 2, 3], class extends Array {}.prototype), [1, 2, 3]],
    ['halves of surrogate pairs as U+FFFD', ['a\uD800', '\uDC00b', '\uDC00\uD800', `${'x'.repeat(40)}\uD83D`], ['a\uFFFD', '\uFFFDb', '\uFFFD\uFFFD', `${'x'.repeat(40)}\uFFFD`]],
    ['own enumerable properties with string keys only', Object.assign(plainMap([['hidden', { value: 1 }]]), { [Symbol('s')]: 1 }), { here: 1 }],
    ['an object of another realm', runInNewContext('({ a: [{}], t: new Date(5), b: new Uint8Array([7]) })'), { a: [{}], t: new Date(5), b: new Uint8Array([7]) }]
  ])('sends %s', (_, value, expected) => {
    expect(roundTrip(codec, value)).toStrictEqual(expected)
  })

  it.each([15, 16, 17, 23, 24, 25, 255, 256, 257, 65_535, 65_536, 65_537])('leaves undefined out of a map with %i keys', (size) => {
    const value = Object.fromEntries(Array.from({ length: size }, (_, i) => [`k${i}`, i === 3 || i === size - 1 ? undefined : i]))
    const expected = Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined))

    const bytes = codec.encode([value, 'behind'], context())

    // not toEqual, which takes seconds for as many
    expect(Buffer.compare(bytes, codec.encode([expected, 'behind'], context()))).toBe(0)
    expect(JSON.stringify(codec.decode(bytes, context()))).toBe(JSON.stringify([expected, 'behind']))
  })

  it('reads getters, once each', () => {
    const get = vi.fn().mockReturnValueOnce(undefined).mockReturnValue(7)

    expect(roundTrip(codec, plainMap([['now', { get, enumerable: true }]]))).toStrictEqual({ here: 1 })
    expect(get).toHaveBeenCalledTimes(1)
  })

  it('passes on what a getter throws, and goes on with the next message', () => {
    const broken = plainMap([['now', { get: () => { throw new Error('no time') }, enumerable: true }]])

    expect(() => codec.encode(broken, context())).toThrow('no time')
    expect(roundTrip(codec, { a: 1 })).toStrictEqual({ a: 1 })
  })

  it('keeps the length that an array had when it came to it', () => {
    const list: unknown[] = []
    const greedy = plainMap([['grow', { get: () => list.push('more'), enumerable: true }]])

    list.push(greedy, 2)

    expect(roundTrip(codec, list)).toStrictEqual([{ here: 1, grow: 3 }, 2])
  })

  it.each([
    ['a function', { run: () => 1 }, `message.run is a function, ${WANTED}`],
    ['a symbol', [Symbol('s')], `message[0] is a symbol, ${WANTED}`],
    ['a Map deep inside', { user: { tags: [1, 2, 3, new Map()] } }, `message.user.tags[3] is a Map, ${WANTED}`],
    ['an instance of a class', { owner: new User() }, `message.owner is a User, ${WANTED}`],
    ['an instance of a class without a name', new (class {})(), `message is an object of a class without a name, ${WANTED}`],
    ['an Error', new Error('x'), `message is an Error, ${WANTED}`],
    ['an ArrayBuffer', new ArrayBuffer(4), `message is an ArrayBuffer, ${WANTED}`],
    ['an array of other numbers', { a: new Uint16Array(2) }, `message.a is a Uint16Array, ${WANTED}`],
    ['a DataView', new DataView(new ArrayBuffer(4)), `message is a DataView, ${WANTED}`],
    ['a boxed number', [Object(5)], `message[0] is a Number, ${WANTED}`],
    ['an object with another for prototype', Object.create({ a: 1 }), `message is an object with a prototype of its own, ${WANTED}`],
    ['what only looks like a Date', Object.create(Date.prototype), `message is a Date, ${WANTED}`],
    ['what only looks like bytes', Object.create(Uint8Array.prototype), `message is a Uint8Array, ${WANTED}`],
    ['an invalid Date', { when: new Date(NaN) }, 'message.when is an invalid Date: send null, or a valid one'],
    ['a bigint that is too large', { n: 2n ** 64n }, 'message.n is a bigint that is not from -2^63 to 2^64 - 1: send it as a string'],
    ['a bigint that is too small', [-(2n ** 63n) - 1n], 'message[0] is a bigint that is not from -2^63 to 2^64 - 1: send it as a string'],
    ['the key __proto__', { a: JSON.parse('{"__proto__":1}') }, 'message.a.__proto__ is an entry with the key __proto__, which no receiver accepts: give it another name'],
    ['a key with half of a surrogate pair', { 'a\uD800': 1 }, 'message["a\\ud800"] is an entry whose key has half of a surrogate pair: give it another name'],
    ['something under a key that is no name', { 'a b': [{ [`${'k'.repeat(50)}`]: new Map() }] }, `message["a b"][0]["${'k'.repeat(40)}…"] is a Map, ${WANTED}`]
  ])('refuses %s', (_, value, text) => {
    expect(() => codec.encode(value, context())).toThrow(expect.objectContaining({ code: 'UnencodableMessage', message: text }))
    expect(roundTrip(codec, { a: 1 })).toStrictEqual({ a: 1 })
  })

  it('takes a message that contains itself for one that is too deep', () => {
    const text = 'message.self[0].self[0]….self[0].self[0] has lists and maps more than 64 deep (maxDepth): flatten them, and look for something that contains itself'

    expect(() => codec.encode(cyclic(), context())).toThrow(expect.objectContaining({ code: 'MessageTooDeep', message: text }))
  })

  it('refuses a small object that says the same again and again as soon as that is too large', () => {
    let value: unknown = 'x'.repeat(100)

    for (let i = 0; i < 60; i++) {
      value = [value, value]
    }

    expect(() => codec.encode(value, context({ maxMessageBytes: 10_000 }))).toThrow(expect.objectContaining({ code: 'MessageTooLarge' }))
  })

  it('has no depth at which it breaks down, whatever the limit', () => {
    let value: unknown = 1

    for (let i = 0; i < 500; i++) {
      value = i % 2 === 0 ? [value] : { $: value }
    }

    const unlimited = context({ maxDepth: Infinity })

    expect(codec.decode(codec.encode(value, unlimited), unlimited)).toStrictEqual(value)
    expect(() => codec.encode([value], unlimited)).toThrow(expect.objectContaining({ code: 'MessageTooDeep', message: expect.stringContaining('more than 500 deep') }))
  })
})
