import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NoiseError } from '../../src/noise/index.ts'
import { decodePayload, encodePayload, encodeProof } from '../../src/noise/payload.ts'
import { encodeField } from '../../src/noise/protobuf.ts'

const KEY = Uint8Array.of(1, 2, 3)
const SIGNATURE = new Uint8Array(300).fill(7)
const PROOF = encodeProof(KEY, SIGNATURE)
const NONE = { webtransportCerthashes: [], streamMuxers: [] }

function utf8 (text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function join (...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

describe('the payload of a handshake', () => {
  it('is written as protobuf says', () => {
    const payload = encodePayload(encodeProof(KEY, Uint8Array.of(9)), { webtransportCerthashes: [Uint8Array.of(5, 6)], streamMuxers: ['/y', '/m'] })

    expect([...payload]).toEqual([
      0x0a, 3, 1, 2, 3,
      0x12, 1, 9,
      0x22, 12, 0x0a, 2, 5, 6, 0x12, 2, 0x2f, 0x79, 0x12, 2, 0x2f, 0x6d
    ])
  })

  it('has no extensions when there is nothing to tell', () => {
    expect(encodePayload(PROOF, NONE)).toEqual(PROOF)
    expect(decodePayload(PROOF)).toEqual({ identityKey: KEY, identitySignature: SIGNATURE, extensions: undefined })
  })

  it('comes back as it was', () => {
    fc.assert(fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.uint8Array({ maxLength: 400 }),
      fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }),
      fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }),
      (identityKey, identitySignature, webtransportCerthashes, streamMuxers) => {
        const extensions = { webtransportCerthashes, streamMuxers: streamMuxers.map((text) => text.toWellFormed()) }

        expect(decodePayload(encodePayload(encodeProof(identityKey, identitySignature), extensions))).toEqual({ identityKey, identitySignature, extensions })
      }
    ))
  })

  it('may have fields that nobody knows, of every type', () => {
    const unknown = join(
      ...encodeField(3, utf8('early data')),
      Uint8Array.of(5 * 8 + 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
      Uint8Array.of(6 * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8),
      Uint8Array.of(7 * 8 + 5, 1, 2, 3, 4),
      ...encodeField(1025, utf8('an experiment')),
      Uint8Array.of(1 * 8 + 0, 1) // the number of the identity key, but of another type
    )

    expect(decodePayload(join(unknown, PROOF, unknown))).toMatchObject({ identityKey: KEY, identitySignature: SIGNATURE })
  })

  it('has of a field that is there twice the last, and of extensions all', () => {
    const again = [
      ...encodeField(1, Uint8Array.of(4)),
      ...encodeField(4, join(...encodeField(2, utf8('/a')), ...encodeField(9, utf8('?')))),
      ...encodeField(4, join(...encodeField(2, utf8('/b'))))
    ]

    expect(decodePayload(join(PROOF, ...again))).toEqual({ identityKey: Uint8Array.of(4), identitySignature: SIGNATURE, extensions: { webtransportCerthashes: [], streamMuxers: ['/a', '/b'] } })
  })

  it.each([
    ['nothing', Uint8Array.of(), 'has no identity key: received 0 bytes'],
    ['no signature', join(...encodeField(1, KEY)), 'has no signature: received 5 bytes'],
    ['a field that is cut off', PROOF.subarray(0, -1), 'a field has 300 bytes, where only 299 are left'],
    ['a number that is cut off', join(PROOF, Uint8Array.of(0x80)), 'it ends within a number'],
    ['a number without end', join(PROOF, Uint8Array.of(0x08), new Uint8Array(11).fill(0xff)), 'a number has more than 10 bytes'],
    ['the field number 0', join(PROOF, Uint8Array.of(0x02, 0)), 'a field has the number 0'],
    ['a group', join(PROOF, Uint8Array.of(0x0b)), 'field 1 is of the unknown type 3'],
    ['64 bits that are cut off', join(PROOF, Uint8Array.of(0x09, 1, 2)), 'a field has 8 bytes, where only 2 are left'],
    ['broken extensions', join(PROOF, ...encodeField(4, Uint8Array.of(0x12, 5))), 'a field has 5 bytes, where only 0 are left']
  ])('is refused with %s', (_, bytes, why) => {
    expect(() => decodePayload(bytes)).toThrow(expect.objectContaining({ code: 'ProtocolViolation', rule: 'payload', message: expect.stringContaining(why) }))
  })

  it('is refused with a typed error, or read, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        decodePayload(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(NoiseError)
      }
    }))
  })
})
