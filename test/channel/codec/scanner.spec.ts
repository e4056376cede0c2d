import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CODECS, json } from '../../../src/channel/codec/index.ts'
import { message } from './arbitrary-message.ts'
import { bytesOf, codecNamed, context, fromHex, LIMITS, readVectors } from './codec-scene.ts'
import type { Codec, MessageScanner } from '../../../src/channel/contract/index.ts'

const scannable = [...CODECS.values()].filter((codec) => codec.createScanner != null)
const vectors = readVectors()

function scannerOf (codec: Codec): MessageScanner {
  const scanner = codec.createScanner?.(LIMITS)

  if (scanner == null) {
    throw new Error(`${codec.name} has no scanner`)
  }

  return scanner
}

/** Where the messages in `stream` end, if it comes cut at these places. */
function endsIn (codec: Codec, stream: Uint8Array, cuts: readonly number[]): number[] {
  const scanner = scannerOf(codec)
  const ends: number[] = []
  let begin = 0

  for (const cut of [...cuts, stream.length]) {
    const chunk = stream.subarray(begin, cut)

    for (let at = scanner.scan(chunk, 0); at !== -1; at = scanner.scan(chunk, at)) {
      ends.push(begin + at)
    }

    begin = cut
  }

  return ends
}

function join (messages: readonly Uint8Array[]): { stream: Uint8Array, ends: number[] } {
  const stream = new Uint8Array(messages.reduce((sum, { length }) => sum + length, 0))
  const ends: number[] = []
  let at = 0

  for (const bytes of messages) {
    stream.set(bytes, at)
    at += bytes.length
    ends.push(at)
  }

  return { stream, ends }
}

describe.each(scannable)('the scanner of $name', (codec) => {
  const known = [
    ...vectors.both.map((vector) => fromHex(vector[codec.name as 'msgpack' | 'cbor'])),
    ...vectors.read.filter((vector) => vector.codec === codec.name).map(bytesOf)
  ]

  it('finds the end of each vector, cut anywhere', () => {
    for (const bytes of known) {
      for (let cut = 0; cut <= bytes.length; cut++) {
        expect(endsIn(codec, bytes, [cut])).toEqual([bytes.length])
      }
    }
  })

  it('finds all ends of messages one behind the other, in one piece and byte by byte', () => {
    const { stream, ends } = join(known)
    const everywhere = Array.from(stream.keys()).slice(1)

    expect(endsIn(codec, stream, [])).toEqual(ends)
    expect(endsIn(codec, stream, everywhere)).toEqual(ends)
  })

  it('finds the ends that the messages have, however they are cut', () => {
    fc.assert(fc.property(fc.array(message, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 20 }), (values, places) => {
      const { stream, ends } = join(values.map((value) => codec.encode(value, context())))
      const cuts = places.map((place) => place % (stream.length + 1)).sort((a, b) => a - b)

      expect(endsIn(codec, stream, cuts)).toEqual(ends)
    }), { numRuns: 300 })
  })

  it('finds no end in what is not all there', () => {
    fc.assert(fc.property(message, fc.nat(), (value, place) => {
      const bytes = codec.encode(value, context())

      expect(endsIn(codec, bytes.subarray(0, place % bytes.length), [])).toEqual([])
    }), { numRuns: 200 })
  })

  it('goes on from the offset that it is given', () => {
    const bytes = codec.encode([1, 2, 3], context())
    const padded = new Uint8Array([0xC1, 0xC1, ...bytes, 0xC1])

    expect(scannerOf(codec).scan(padded, 2)).toBe(2 + bytes.length)
    expect(scannerOf(codec).scan(padded.subarray(0, 4), 2)).toBe(-1)
  })

  it('finds no end where there are no bytes', () => {
    const scanner = scannerOf(codec)

    expect(scanner.scan(new Uint8Array(0), 0)).toBe(-1)
    expect(scanner.scan(new Uint8Array([1]), 1)).toBe(-1)
    expect(scanner.scan(new Uint8Array([1]), 0)).toBe(1)
  })

  it('does not look at texts and bytes, so that these take no time', () => {
    const bytes = codec.encode(new Uint8Array(1000), context())
    const looked = new Set<PropertyKey>()
    const watched = new Proxy(bytes, {
      get (target, key) {
        looked.add(key)

        return Reflect.get(target, key, target)
      }
    })

    expect(scannerOf(codec).scan(watched, 0)).toBe(bytes.length)
    expect(looked).toEqual(new Set(['length', '0', '1', '2']))
  })
})

describe('what begins no value', () => {
  it.each([
    ['msgpack', 'c1'], ['msgpack', '92c0c1'], ['msgpack', '91c1'],
    ['cbor', '1c'], ['cbor', 'ff'], ['cbor', '81ff'], ['cbor', 'bf6161ff'], ['cbor', '9fc1ff'], ['cbor', '5f6161'], ['cbor', 'f8']
  ])('is refused by the scanner of %s as soon as it comes: %s', (name, hex) => {
    const bytes = fromHex(hex)
    const scanner = scannerOf(codecNamed(name))
    const refused = expect.objectContaining({ code: 'InvalidMessage', message: expect.stringContaining('cannot be decoded: byte ') })

    expect(() => {
      for (const byte of bytes) {
        scanner.scan(new Uint8Array([byte]), 0)
      }
    }).toThrow(refused)
    expect(() => scannerOf(codecNamed(name)).scan(bytes, 0)).toThrow(refused)
  })
})

describe('a format that does not delimit itself', () => {
  it('has no scanner', () => {
    expect(json.createScanner).toBeUndefined()
    expect(codecNamed('json')).toBe(json)
  })
})
