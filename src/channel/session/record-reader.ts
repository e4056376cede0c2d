import { CodedError, toError } from '../../base/index.ts'
import { ByteQueue } from './byte-queue.ts'
import { decodeReason, FIRST_EXTENSION, MAX_REASON_LENGTH, MAX_UVARINT_BYTES, RECORD } from './records.ts'
import type { FrameReader } from './frame-reader.ts'
import type { ChannelReason } from '../contract/index.ts'

interface RecordReaderInit {
  /** Who we listen to, which says what records may come. */
  from: 'sender' | 'receiver'
  maxMessageBytes: number
}

/** Reads the records of spec-channel 4. */
export class RecordReader implements FrameReader {
  readonly #from: 'sender' | 'receiver'
  readonly #maxMessageBytes: number
  readonly #queue = new ByteQueue()
  /** Of the record in front: its type, or -1 while that is not known, and the bytes of its payload. */
  #type = -1
  #length = 0
  /** Bytes of an extension that are still to be thrown away. */
  #skip = 0
  #failure: Error | undefined

  constructor ({ from, maxMessageBytes }: RecordReaderInit) {
    this.#from = from
    this.#maxMessageBytes = maxMessageBytes
  }

  get buffered (): number {
    return this.#queue.length
  }

  push (bytes: Uint8Array): void {
    this.#queue.push(bytes)
  }

  hasNext (): boolean {
    if (this.#failure != null) {
      return true
    }

    try {
      return this.#find()
    } catch (error) {
      this.#failure = toError(error)

      return true
    }
  }

  hasEnd (): boolean {
    return this.hasNext() && (this.#failure != null || this.#type !== RECORD.message)
  }

  next (): Uint8Array | ChannelReason | undefined {
    if (!this.hasNext()) {
      return undefined
    }

    if (this.#failure != null) {
      throw this.#failure
    }

    const isMessage = this.#type === RECORD.message
    const payload = this.#queue.take(this.#length)

    this.#type = -1

    return isMessage ? payload : this.#reason(payload)
  }

  clear (): void {
    this.#queue.clear()
    this.#type = -1
    this.#skip = 0
  }

  /** Whether the record in front is there as a whole. */
  #find (): boolean {
    for (;;) {
      if (!this.#skipped() || (this.#type === -1 && !this.#readHeader())) {
        return false
      }

      if (this.#type < FIRST_EXTENSION) {
        return this.#queue.length >= this.#length
      }

      this.#skip = this.#length
      this.#type = -1
    }
  }

  #skipped (): boolean {
    if (this.#skip > 0) {
      const count = Math.min(this.#skip, this.#queue.length)

      this.#queue.drop(count)
      this.#skip -= count
    }

    return this.#skip === 0
  }

  #readHeader (): boolean {
    let length = 0

    for (let index = 0; index < MAX_UVARINT_BYTES; index++) {
      const byte = this.#queue.at(1 + index)

      if (byte === -1) {
        return false
      }

      length += (byte & 0x7F) * 2 ** (7 * index)

      if (byte < 0x80) {
        this.#begin(this.#queue.at(0), length)
        this.#queue.drop(2 + index)

        return true
      }
    }

    throw new CodedError('ProtocolViolation', `the length of a record has more than ${MAX_UVARINT_BYTES} bytes`)
  }

  #begin (type: number, length: number): void {
    const expected = this.#from === 'sender' ? type === RECORD.message || type === RECORD.abort : type === RECORD.cancel

    if (!expected && type < FIRST_EXTENSION) {
      throw new CodedError('ProtocolViolation', `a record of type ${type} came from the ${this.#from} of a channel`)
    }

    if (type === RECORD.message && length > this.#maxMessageBytes) {
      throw new CodedError('MessageTooLarge', `a message of ${length} bytes came, and at most ${this.#maxMessageBytes} are taken: raise maxMessageBytes, or send less`)
    }

    if ((type === RECORD.abort || type === RECORD.cancel) && length > MAX_REASON_LENGTH) {
      throw new CodedError('ProtocolViolation', `a reason of ${length} bytes came, and at most ${MAX_REASON_LENGTH} are allowed`)
    }

    this.#type = type
    this.#length = length
  }

  #reason (payload: Uint8Array): ChannelReason {
    const reason = decodeReason(payload)

    if (reason == null) {
      this.#failure = new CodedError('ProtocolViolation', `a reason of ${payload.byteLength} bytes came, and 2 are the least`)
      throw this.#failure
    }

    return reason
  }
}
