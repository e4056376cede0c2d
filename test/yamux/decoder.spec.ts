import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Decoder } from '../../src/yamux/decoder.ts'
import { YamuxProtocolError } from '../../src/yamux/errors.ts'
import { encode } from '../support/yamux-scene.ts'
import type { FrameHeader } from '../../src/yamux/frame.ts'

interface Told {
  header: FrameHeader
  payload: number[]
  ended: boolean
}

function decoder (): { decoder: Decoder, told: Told[], pieces: Uint8Array[] } {
  const told: Told[] = []
  const pieces: Uint8Array[] = []

  return {
    told,
    pieces,
    decoder: new Decoder({
      onHeader: (header) => { told.push({ header, payload: [], ended: false }) },
      onPayload: (bytes) => {
        pieces.push(bytes)
        told.at(-1)?.payload.push(...bytes)
      },
      onPayloadEnd: () => {
        const last = told.at(-1)

        if (last != null) {
          last.ended = true
        }
      }
    })
  }
}

/** Cuts bytes at random places. */
function cut (bytes: Uint8Array, at: number[]): Uint8Array[] {
  const places = [...new Set(at.map((n) => n % (bytes.byteLength + 1)))].sort((a, b) => a - b)

  return [0, ...places].map((from, index) => bytes.subarray(from, places[index]))
}

const frame = fc.oneof(
  fc.record({ id: fc.nat(), flags: fc.constantFrom('-', 'SYN', 'SYN+FIN'), payload: fc.uint8Array({ maxLength: 40 }) })
    .map(({ id, flags, payload }) => encode(`data ${id} ${flags} 0`, payload)),
  fc.record({ type: fc.constantFrom('window', 'ping', 'goAway'), id: fc.nat(), length: fc.integer({ min: 0, max: 2 ** 32 - 1 }) })
    .map(({ type, id, length }) => encode(`${type} ${id} ACK ${length}`))
)

describe('Decoder', () => {
  it('tells header, payload and end of every frame, however the bytes are cut', () => {
    fc.assert(fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 20 }), (frames, at) => {
      const whole = decoder()
      const pieces = decoder()
      const bytes = new Uint8Array(Buffer.concat(frames))

      whole.decoder.write(bytes)
      cut(bytes, at).forEach((piece) => { pieces.decoder.write(piece) })

      expect(whole.told).toHaveLength(frames.length)
      expect(pieces.told).toEqual(whole.told)
      expect(pieces.told.every(({ header, ended }) => ended === (header.type === 0))).toBe(true)
    }))
  })

  it('hands payload on in the memory in which it came', () => {
    const { decoder: one, pieces } = decoder()
    const bytes = encode('data 1 - 100')

    one.write(bytes.subarray(0, 50))
    one.write(bytes.subarray(50))

    expect(pieces.map(({ buffer, byteOffset, byteLength }) => [buffer === bytes.buffer, byteOffset, byteLength])).toEqual([[true, 12, 38], [true, 50, 62]])
  })

  // yamux 1.3
  it('keeps less than one header, whatever it is given', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 30 }), (chunks) => {
      const { decoder: one } = decoder()

      for (const chunk of chunks) {
        try {
          one.write(chunk)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(YamuxProtocolError)
          return
        }

        expect(one.buffered).toBeLessThan(12)
      }
    }), { numRuns: 500 })
  })

  it('tells of a header before the first byte of a payload of 4 GiB has come', () => {
    const { decoder: one, told } = decoder()

    one.write(new Uint8Array([0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]))

    expect(told[0]?.header.length).toBe(2 ** 32 - 1)
    expect(one.buffered).toBe(0)
  })

  it('ends a frame without payload at once', () => {
    const { decoder: one, told } = decoder()

    one.write(encode('data 1 FIN 0'))

    expect(told).toEqual([{ header: { type: 0, flags: 4, streamId: 1, length: 0 }, payload: [], ended: true }])
  })

  it('passes on what its listener throws', () => {
    const reason = new Error('no')
    const one = new Decoder({ onHeader: () => { throw reason }, onPayload: () => {}, onPayloadEnd: () => {} })

    expect(() => { one.write(encode('ping 0 SYN 1')) }).toThrow(reason)
  })
})
