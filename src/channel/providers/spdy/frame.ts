import { FLAG, FRAME_HEADER_BYTES, FRAME_TYPE, SPDY_VERSION } from './constants.ts'

/*
 * Frames as bytes; SPDY 2.2. A control frame has the version and its type where a DATA frame has the
 * stream, and in front of that a bit that tells them apart.
 */

const CONTROL_BIT = 0x8000

/** Behind the header of SYN_STREAM: the stream, the one it belongs to, and two bytes for priorities. */
export const SYN_STREAM_BYTES = 10

/** Behind the headers of SYN_REPLY and HEADERS: the stream. */
export const STREAM_ID_BYTES = 4

function controlFrame (type: number, payloadBytes: number, flags: number = FLAG.none): [frame: Uint8Array, payload: DataView] {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payloadBytes)
  const view = new DataView(frame.buffer)

  view.setUint16(0, CONTROL_BIT | SPDY_VERSION)
  view.setUint16(2, type)
  view.setUint32(4, flags * 2 ** 24 + payloadBytes)

  return [frame, new DataView(frame.buffer, FRAME_HEADER_BYTES)]
}

function numbersFrame (type: number, ...numbers: number[]): Uint8Array {
  const [frame, payload] = controlFrame(type, 4 * numbers.length)

  for (const [index, value] of numbers.entries()) {
    payload.setUint32(4 * index, value)
  }

  return frame
}

/** `packed` are the headers. Priority and associated stream are 0; spec-channel 11.2. */
export function synStream (streamId: number, packed: Uint8Array): Uint8Array {
  const [frame, payload] = controlFrame(FRAME_TYPE.synStream, SYN_STREAM_BYTES + packed.byteLength)

  payload.setUint32(0, streamId)
  frame.set(packed, FRAME_HEADER_BYTES + SYN_STREAM_BYTES)

  return frame
}

export function synReply (streamId: number, packed: Uint8Array): Uint8Array {
  return headersFrame(FRAME_TYPE.synReply, streamId, packed)
}

export function moreHeaders (streamId: number, packed: Uint8Array): Uint8Array {
  return headersFrame(FRAME_TYPE.headers, streamId, packed)
}

function headersFrame (type: number, streamId: number, packed: Uint8Array): Uint8Array {
  const [frame, payload] = controlFrame(type, STREAM_ID_BYTES + packed.byteLength)

  payload.setUint32(0, streamId)
  frame.set(packed, FRAME_HEADER_BYTES + STREAM_ID_BYTES)

  return frame
}

export function rstStream (streamId: number, status: number): Uint8Array {
  return numbersFrame(FRAME_TYPE.rstStream, streamId, status)
}

/** With one setting. */
export function settings (id: number, value: number): Uint8Array {
  return numbersFrame(FRAME_TYPE.settings, 1, id, value)
}

export function ping (id: number): Uint8Array {
  return numbersFrame(FRAME_TYPE.ping, id)
}

export function goAway (lastStreamId: number, status: number): Uint8Array {
  return numbersFrame(FRAME_TYPE.goAway, lastStreamId, status)
}

/** Of the session for stream 0. */
export function windowUpdate (streamId: number, bytes: number): Uint8Array {
  return numbersFrame(FRAME_TYPE.windowUpdate, streamId, bytes)
}

/** The header of a DATA frame. */
export function dataHeader (streamId: number, flags: number, length: number): Uint8Array {
  const header = new Uint8Array(FRAME_HEADER_BYTES)
  const view = new DataView(header.buffer)

  view.setUint32(0, streamId)
  view.setUint32(4, flags * 2 ** 24 + length)

  return header
}
