import { MAX_REASON_BYTES } from '../contract/index.ts'
import type { ChannelReason } from '../contract/index.ts'

/** spec-channel 4.1 */
export const RECORD = { message: 0, abort: 1, cancel: 2 } as const

/** From here on types are skipped; spec-channel 4.1. */
export const FIRST_EXTENSION = 128

/** Code and message; spec-channel 7.2. */
export const MAX_REASON_LENGTH = 2 + MAX_REASON_BYTES

/** Of the length of a record; spec-channel, in front of 1. */
export const MAX_UVARINT_BYTES = 5

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Bytes of type and length in front of a payload. */
export function recordHeaderSize (payloadBytes: number): number {
  let size = 2

  for (let rest = payloadBytes; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
    size++
  }

  return size
}

/** Writes type and length; the offset behind them. */
export function writeRecordHeader (target: Uint8Array, offset: number, type: number, payloadBytes: number): number {
  let at = offset
  let rest = payloadBytes

  target[at++] = type

  // no bit operations on the length itself: it may have more than 32 bits
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
    target[at++] = (rest & 0x7F) | 0x80
  }

  target[at++] = rest

  return at
}

/** A whole record with a reason in it; what does not fit of the message is cut at a character. */
export function encodeReasonRecord (type: number, reason: ChannelReason): Uint8Array {
  const message = new Uint8Array(MAX_REASON_BYTES)
  const { written } = encoder.encodeInto(reason.message, message)
  const size = 2 + written
  const record = new Uint8Array(recordHeaderSize(size) + size)
  const at = writeRecordHeader(record, 0, type, size)

  record[at] = reason.code >>> 8
  record[at + 1] = reason.code & 0xFF
  record.set(message.subarray(0, written), at + 2)

  return record
}

/** The payload of an abort or cancel record; undefined if it is too short to be one. */
export function decodeReason (payload: Uint8Array): ChannelReason | undefined {
  const [high, low] = payload

  if (high == null || low == null) {
    return undefined
  }

  return { code: high * 256 + low, message: decoder.decode(payload.subarray(2)) }
}
