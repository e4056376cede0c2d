import { readFileSync } from 'node:fs'
import { constants, createDeflate } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isCoded } from '../../../src/base/index.ts'
import { Decoder } from '../../../src/channel/providers/spdy/decoder.ts'
import { DICTIONARY, DICTIONARY_ID } from '../../../src/channel/providers/spdy/dictionary.ts'
import { dataHeader, goAway, ping, rstStream, settings, windowUpdate } from '../../../src/channel/providers/spdy/frame.ts'
import { decodeHeaders, encodeHeaders } from '../../../src/channel/providers/spdy/header-block.ts'
import { HeaderPacker } from '../../../src/channel/providers/spdy/header-packer.ts'
import { HeaderUnpacker } from '../../../src/channel/providers/spdy/header-unpacker.ts'
import type { StreamHeaders } from '../../../src/channel/contract/index.ts'

/** What spdystream, the library of Go libchan, writes; printed by `test/interop/go/libchan vectors`. */
const VECTORS = new Map((JSON.parse(readFileSync(new URL('../../vectors/spdy/frames.json', import.meta.url), 'utf8')) as Array<{ name: string, hex: string }>)
  .map(({ name, hex }) => [name, Uint8Array.from(Buffer.from(hex, 'hex'))]))

function vector (name: string): Uint8Array {
  const bytes = VECTORS.get(name)

  if (bytes == null) {
    throw new Error(`there is no vector ${name}`)
  }

  return bytes
}

/** The headers of one frame after the other, all of one connection. */
function unpackVectors (): Record<string, StreamHeaders> {
  const unpacker = new HeaderUnpacker()
  const unpack = (name: string, offset: number): [string, StreamHeaders] => [name, decodeHeaders(unpacker.unpack(vector(name).subarray(8 + offset)))]

  return Object.fromEntries([
    unpack('synStream', 10),
    unpack('synStreamAgain', 10),
    unpack('synReply', 4),
    unpack('headersOfDictionary', 4),
    unpack('noHeaders', 4)
  ])
}

/** What a decoder tells of these bytes. */
function decode (bytes: Uint8Array, pieceBytes = Infinity): string[] {
  const told: string[] = []
  const decoder = new Decoder({
    onControl: (type, flags, payload) => { told.push(`control ${type} ${flags} ${Buffer.from(payload).toString('hex')}`) },
    onData: (streamId, piece) => {
      const last = told.at(-1) ?? ''
      const begin = `data ${streamId} `

      told.splice(last.startsWith(begin) ? -1 : told.length, 1, (last.startsWith(begin) ? last : begin) + Buffer.from(piece).toString('hex'))
    },
    onDataEnd: (streamId, flags) => { told.push(`end ${streamId} ${flags}`) }
  })

  for (let from = 0; from < bytes.byteLength; from += pieceBytes) {
    decoder.write(bytes.subarray(from, from + pieceBytes))
  }

  return told
}

function codeOf (fn: () => unknown): string {
  try {
    fn()
  } catch (thrown) {
    return isCoded(thrown) ? thrown.code : String(thrown)
  }

  return 'nothing'
}

/** Blocks that a zlib of the usual kind packs, flushed each. */
async function deflateAll (blocks: Uint8Array[], dictionary: Uint8Array | undefined): Promise<Uint8Array[]> {
  const deflate = createDeflate(dictionary == null ? {} : { dictionary })
  const packed: Uint8Array[] = []

  for (const block of blocks) {
    const pieces: Buffer[] = []

    deflate.on('data', (piece: Buffer) => { pieces.push(piece) })
    deflate.write(block)
    await new Promise<void>((resolve) => { deflate.flush(constants.Z_SYNC_FLUSH, () => { resolve() }) })
    deflate.removeAllListeners('data')
    packed.push(Buffer.concat(pieces))
  }

  deflate.destroy()

  return packed
}

const headersOf = fc.dictionary(fc.stringMatching(/^[a-z:-]{1,20}$/), fc.string({ unit: 'grapheme', maxLength: 200 }), { maxKeys: 8 })

describe('the frames of SPDY', () => {
  it('have the dictionary of the specification', () => {
    let [low, high] = [1, 0]

    for (const byte of DICTIONARY) {
      low = (low + byte) % 65_521
      high = (high + low) % 65_521
    }

    expect(DICTIONARY.byteLength).toBe(1423)
    expect(high * 65_536 + low).toBe(DICTIONARY_ID)
  })

  it('are those of spdystream', () => {
    const frames = {
      data: [...dataHeader(1, 0, 5), ...Buffer.from('hello')],
      dataFin: [...dataHeader(1, 1, 0)],
      reset: [...rstStream(3, 5)],
      resetOfChannels: [...rstStream(3, 65_836)],
      ping: [...ping(2)],
      goAway: [...goAway(3, 0)],
      windowUpdate: [...windowUpdate(1, 131_072)],
      settings: [...settings(7, 262_144)]
    }

    expect(frames).toEqual(Object.fromEntries(Object.keys(frames).map((name) => [name, [...vector(name)]])))
  })

  it('have headers that spdystream packed, each block with what it refers to in those before', () => {
    const headers = unpackVectors()

    expect(headers).toEqual({
      synStream: { 'libchan-ref': '2' },
      synStreamAgain: { 'libchan-ref': '3' },
      synReply: { ':status': '200' },
      headersOfDictionary: { 'content-type': 'text/html,image/png' },
      noHeaders: {}
    })
  })

  it('are told the same however the bytes are cut', () => {
    const bytes = Buffer.concat([...VECTORS.values()])
    const whole = decode(bytes)

    for (const pieceBytes of [1, 2, 3, 7, 8, 9, 17]) {
      expect(decode(bytes, pieceBytes)).toEqual(whole)
    }

    expect(whole).toHaveLength(14) // one more than vectors, as data and its end are told apart
    expect(whole.slice(5, 9)).toEqual(['data 1 68656c6c6f', 'end 1 0', 'end 1 1', 'control 3 0 0000000300000005'])
  })

  it.each([
    ['a version that is not 3', [0x80, 2, 0, 1, 0, 0, 0, 0]],
    ['data for stream 0', [0, 0, 0, 0, 0, 0, 0, 1]],
    ['a control frame that is too long', [0x80, 3, 0, 1, 0, 0xFF, 0xFF, 0xFF]]
  ])('are refused for %s', (_, bytes) => {
    expect(codeOf(() => decode(Uint8Array.from(bytes)))).toBe('ProtocolViolation')
  })

  it('tell nothing after the decoder was ended from within', () => {
    const told: number[] = []
    const decoder = new Decoder({
      onControl: (type) => {
        told.push(type)
        decoder.end()
      },
      onData: () => { told.push(0) },
      onDataEnd: () => { told.push(0) }
    })

    decoder.write(Buffer.concat([ping(1), dataHeader(1, 0, 1), ping(3)]))

    expect(told).toEqual([6])
  })
})

describe('header blocks', () => {
  it('come back as they were, one after the other', () => {
    fc.assert(fc.property(fc.array(headersOf, { maxLength: 30 }), (all) => {
      const packer = new HeaderPacker()
      const unpacker = new HeaderUnpacker()

      for (const headers of all) {
        expect(decodeHeaders(unpacker.unpack(packer.pack(encodeHeaders(headers))))).toEqual(headers)
      }
    }))
  })

  it.each([['the dictionary', DICTIONARY], ['no dictionary', undefined]])('that zlib packed with %s are read, beyond its window', async (_, dictionary) => {
    const blocks = Array.from({ length: 60 }, (_, index) => encodeHeaders({ 'content-type': `text/html;${index}`, 'x-long': 'abcdefg'.repeat(index * 10) }))
    const unpacker = new HeaderUnpacker()

    const read = (await deflateAll(blocks, dictionary)).map((packed) => unpacker.unpack(packed))

    expect(read.map((block) => Buffer.from(block).toString('hex'))).toEqual(blocks.map((block) => Buffer.from(block).toString('hex')))
    expect(blocks.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeGreaterThan(96 * 1024)
  })

  it('that are larger unpacked than 16 KiB are refused before that much is unpacked', async () => {
    const [bomb = new Uint8Array(0)] = await deflateAll([new Uint8Array(10_000_000)], DICTIONARY)

    expect(bomb.byteLength).toBeLessThan(16_384)
    expect(() => new HeaderUnpacker().unpack(bomb)).toThrow(expect.objectContaining({
      code: 'ProtocolViolation',
      cause: expect.objectContaining({ code: 'ERR_BUFFER_TOO_LARGE' })
    }))
  })

  it('that are stored and larger than 16 KiB are refused', () => {
    expect(codeOf(() => new HeaderUnpacker().unpack(new HeaderPacker().pack(new Uint8Array(16_385))))).toBe('ProtocolViolation')
    expect(codeOf(() => new HeaderUnpacker().unpack(new HeaderPacker().pack(new Uint8Array(16_384))))).toBe('nothing')
    expect(() => encodeHeaders({ a: 'x'.repeat(16_384) })).toThrow(RangeError)
  })

  it('are refused when they do not begin a zlib stream, have another dictionary, or no flush', () => {
    const good = new HeaderPacker().pack(encodeHeaders({ a: 'b' }))
    const spoil = (change: (bytes: Uint8Array) => Uint8Array): string => codeOf(() => new HeaderUnpacker().unpack(change(good.slice())))

    expect(spoil((bytes) => bytes)).toBe('nothing')
    expect(spoil((bytes) => bytes.fill(0x79, 0, 1))).toBe('ProtocolViolation')
    expect(spoil((bytes) => bytes.fill(0xBA, 1, 2))).toBe('ProtocolViolation')
    expect(spoil((bytes) => bytes.fill(0, 2, 3))).toBe('ProtocolViolation')
    expect(spoil((bytes) => bytes.subarray(0, -1))).toBe('ProtocolViolation')
    expect(spoil((bytes) => bytes.fill(0x07, 6, 7))).toBe('ProtocolViolation')
    expect(spoil(() => new Uint8Array(0))).toBe('ProtocolViolation')
  })

  it.each([
    ['are cut short', '00000001'],
    ['have a length beyond their end', '0000000100000009610000000162'],
    ['have bytes behind the last', '0000000000'],
    ['have an empty name', '00000001000000000000000162'],
    ['have upper case', '0000000100000001410000000162'],
    ['have a name twice', '0000000200000001610000000162000000016100000001' + '63'],
    ['say that they are four billion', 'ffffffff']
  ])('are refused when they %s', (_, hex) => {
    expect(codeOf(() => decodeHeaders(Buffer.from(hex, 'hex')))).toBe('ProtocolViolation')
  })

  it('may have any name without meaning anything else', () => {
    const headers = decodeHeaders(encodeHeaders(JSON.parse('{"__proto__": "x", "constructor": "y"}') as StreamHeaders))

    expect(Object.entries(headers)).toEqual([['__proto__', 'x'], ['constructor', 'y']])
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype)
  })
})
