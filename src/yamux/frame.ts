import { HEADER_BYTES, YAMUX_VERSION } from './constants.ts'
import { YamuxProtocolError } from './errors.ts'

/** A header without its version, which is always 0; yamux 1.1. */
export interface FrameHeader {
  type: number
  flags: number
  streamId: number
  length: number
}

/** Writes a header to `target` at `offset`, where 12 bytes must be free. */
export function encodeHeader (target: Uint8Array, offset: number, { type, flags, streamId, length }: FrameHeader): void {
  target[offset] = YAMUX_VERSION
  target[offset + 1] = type
  target[offset + 2] = flags >>> 8
  target[offset + 3] = flags
  writeUint32(target, offset + 4, streamId)
  writeUint32(target, offset + 8, length)
}

/** One frame without a payload. */
export function encodeFrame (header: FrameHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)

  encodeHeader(bytes, 0, header)

  return bytes
}

/**
 * Reads the header at `offset`; 12 bytes must be there. Types are not judged here.
 *
 * @throws YamuxProtocolError `version`
 */
export function decodeHeader (source: Uint8Array, offset: number): FrameHeader {
  const version = byteAt(source, offset)

  if (version !== YAMUX_VERSION) {
    throw new YamuxProtocolError('version', `a frame must be of version ${YAMUX_VERSION}, received ${version}`)
  }

  return {
    type: byteAt(source, offset + 1),
    flags: byteAt(source, offset + 2) * 0x100 + byteAt(source, offset + 3),
    streamId: readUint32(source, offset + 4),
    length: readUint32(source, offset + 8)
  }
}

function byteAt (source: Uint8Array, offset: number): number {
  return source[offset] ?? 0
}

function readUint32 (source: Uint8Array, offset: number): number {
  // by multiplication, as a shift makes a negative number of the highest bit
  return byteAt(source, offset) * 0x1000000 + ((byteAt(source, offset + 1) << 16) | (byteAt(source, offset + 2) << 8) | byteAt(source, offset + 3))
}

function writeUint32 (target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24
  target[offset + 1] = value >>> 16
  target[offset + 2] = value >>> 8
  target[offset + 3] = value
}
