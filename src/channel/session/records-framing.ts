import { slab } from '../../base/index.ts'
import { RETURNED } from './ends.ts'
import { RecordReader } from './record-reader.ts'
import { encodeReasonRecord, RECORD, recordHeaderSize, writeRecordHeader } from './records.ts'
import type { FrameReader } from './frame-reader.ts'
import type { Framing } from './framing.ts'
import type { ByteLink, ChannelReason, MessageLimits } from '../contract/index.ts'

/** A message of so many bytes is written by itself; smaller ones are copied together into one write. */
const LARGE_BYTES = 16 * 1024

/** spec-channel 4 */
export class RecordsFraming implements Framing {
  readonly endGivesBack = false
  readonly #maxMessageBytes: number

  constructor ({ maxMessageBytes }: MessageLimits) {
    this.#maxMessageBytes = maxMessageBytes
  }

  createMessageReader (): FrameReader {
    return new RecordReader({ from: 'sender', maxMessageBytes: this.#maxMessageBytes })
  }

  createCancelReader (): FrameReader {
    return new RecordReader({ from: 'receiver', maxMessageBytes: 0 })
  }

  writeMessages (link: ByteLink, messages: readonly Uint8Array[]): boolean {
    let hasRoom = true
    let first = 0

    for (let index = 0; index < messages.length; index++) {
      const message = messages[index]

      if (message != null && message.byteLength >= LARGE_BYTES) {
        link.write(join(messages, first, index + 1, index))
        hasRoom = link.write(message)
        first = index + 1
      }
    }

    return first < messages.length ? link.write(join(messages, first, messages.length, -1)) : hasRoom
  }

  abort (link: ByteLink, reason: ChannelReason): void {
    link.write(encodeReasonRecord(RECORD.abort, reason))
    link.end()
  }

  giveBack (link: ByteLink): void {
    this.cancel(link, RETURNED)
  }

  cancel (link: ByteLink, reason: ChannelReason): void {
    link.write(encodeReasonRecord(RECORD.cancel, reason))
    link.end()
  }
}

/** Records one behind the other; that of `bare` without its payload. */
function join (messages: readonly Uint8Array[], first: number, behind: number, bare: number): Uint8Array {
  let size = 0

  for (let index = first; index < behind; index++) {
    const length = messages[index]?.byteLength ?? 0

    size += recordHeaderSize(length) + (index === bare ? 0 : length)
  }

  const records = slab.take(size)
  let at = 0

  for (let index = first; index < behind; index++) {
    const message = messages[index]

    if (message == null) {
      continue
    }

    at = writeRecordHeader(records, at, RECORD.message, message.byteLength)

    if (index !== bare) {
      records.set(message, at)
      at += message.byteLength
    }
  }

  return records
}
