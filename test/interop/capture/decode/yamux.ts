import type { Reader } from './reader.ts'

export const TYPE = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 }
export const FLAG = { syn: 1, ack: 2, fin: 4, rst: 8 }
export const HEADER_BYTES = 12
export const INITIAL_WINDOW = 256 * 1024

export interface Frame {
  readonly version: number
  readonly type: number
  readonly flags: number
  readonly stream: number
  /** Of data its size, of a window update its delta, of a ping its value, of a go away its code. */
  readonly length: number
  /** Only of data. */
  readonly data: Buffer
}

/** A frame, by the section "Framing" of libp2p/specs yamux. */
export function readFrame (reader: Reader): Frame {
  const header = {
    version: reader.uint8(),
    type: reader.uint8(),
    flags: reader.uint16(),
    stream: reader.uint32(),
    length: reader.uint32()
  }

  return { ...header, data: reader.take(header.type === TYPE.data ? header.length : 0) }
}

export function has (frame: Frame, flag: number): boolean {
  return (frame.flags & flag) !== 0
}
