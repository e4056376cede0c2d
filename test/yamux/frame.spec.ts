import { describe, expect, it } from 'vitest'
import { YamuxProtocolError } from '../../src/yamux/errors.ts'
import { decodeHeader, encodeFrame, encodeHeader } from '../../src/yamux/frame.ts'
import type { FrameHeader } from '../../src/yamux/frame.ts'

/** Written by hand from the specification: version, type, flags, stream ID, length. */
const VECTORS: Array<[string, FrameHeader]> = [
  ['00 00 0001 00000001 00000005', { type: 0, flags: 1, streamId: 1, length: 5 }],
  ['00 01 0002 00000002 00040000', { type: 1, flags: 2, streamId: 2, length: 262_144 }],
  ['00 01 0004 ffffffff 00000000', { type: 1, flags: 4, streamId: 4_294_967_295, length: 0 }],
  ['00 02 0001 00000000 fffffffe', { type: 2, flags: 1, streamId: 0, length: 4_294_967_294 }],
  ['00 03 0000 00000000 00001005', { type: 3, flags: 0, streamId: 0, length: 0x1005 }],
  ['00 00 ffff 80000000 80000000', { type: 0, flags: 0xffff, streamId: 0x80000000, length: 0x80000000 }]
]

function bytesOf (hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

describe('a frame header', () => {
  it.each(VECTORS)('is %s on the wire', (hex, header) => {
    expect(encodeFrame(header)).toEqual(new Uint8Array(bytesOf(hex)))
    expect(decodeHeader(bytesOf(hex), 0)).toEqual(header)
  })

  it('is written and read at any offset', () => {
    const bytes = new Uint8Array(20).fill(0xaa)

    encodeHeader(bytes, 5, { type: 2, flags: 2, streamId: 0, length: 7 })

    expect(Buffer.from(bytes).toString('hex')).toBe('aaaaaaaaaa000200020000000000000007aaaaaa')
    expect(decodeHeader(bytes, 5)).toEqual({ type: 2, flags: 2, streamId: 0, length: 7 })
  })

  it('of another version is refused', () => {
    expect(() => decodeHeader(bytesOf('01 00 0001 00000001 00000005'), 0)).toThrow(new YamuxProtocolError('version', 'a frame must be of version 0, received 1'))
  })
})
