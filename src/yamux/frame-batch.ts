import { Uint8ArrayList } from 'uint8arraylist'
import { slab } from '../base/index.ts'
import { FRAME_TYPE, HEADER_BYTES, MAX_DATA_FRAME_BYTES } from './constants.ts'
import { encodeHeader } from './frame.ts'
import type { FrameHeader } from './frame.ts'
import type { WriteQueue } from './write-queue.ts'

/** A batch with less room for payload than this is full, rather than to cut a message once more. */
const MIN_ROOM_BYTES = 1024

/** Chunks of payload from this size are written without a copy; measured in `benchmarks/yamux.ts`. */
const MIN_PIECE_BYTES = 8 * 1024

interface BatchedFrame {
  header: FrameHeader
  payload: Uint8Array[]
}

/** Frames that leave in one write; yamux 1.7. */
export class FrameBatch {
  readonly #maxMessageBytes: number
  readonly #frames: BatchedFrame[] = []
  readonly #onSent: Array<() => void> = []
  #byteLength = 0
  /** Of these, those in headers and short chunks. */
  #copiedBytes = 0

  constructor (maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
  }

  get byteLength (): number {
    return this.#byteLength
  }

  /** Payload that one more data frame can have. */
  get room (): number {
    return this.#maxMessageBytes - this.#byteLength
  }

  get isFull (): boolean {
    return this.room < MIN_ROOM_BYTES
  }

  /** Adds a frame without payload, and calls `onSent` when it has left. */
  addControl (header: FrameHeader, onSent?: () => void): void {
    this.#addHeader(header)

    if (onSent != null) {
      this.#onSent.push(onSent)
    }
  }

  /** Adds the first `count` bytes of `source`, in the frame before if that is of the same stream and has room. */
  addData (streamId: number, flags: number, source: WriteQueue, count: number): void {
    let frame = this.#frames.at(-1)

    if (frame == null || flags !== 0 || !takesMore(frame, streamId, count)) {
      frame = this.#addHeader({ type: FRAME_TYPE.data, flags, streamId, length: 0 })
    }

    const first = frame.payload.length

    source.moveTo(frame.payload, count)
    frame.header.length += count
    this.#byteLength += count

    for (const chunk of frame.payload.slice(first)) {
      this.#copiedBytes += chunk.byteLength < MIN_PIECE_BYTES ? chunk.byteLength : 0
    }
  }

  /**
   * The bytes to write. Headers and short chunks are copied together, as a transport writes every piece
   * by itself; long ones are left where they are, as the copy would cost more than the write.
   */
  encode (): Uint8Array | Uint8ArrayList {
    const pieces: Uint8Array[] = []
    let copied = slab.take(this.#copiedBytes)
    let used = 0

    for (const { header, payload } of this.#frames) {
      encodeHeader(copied, used, header)
      used += HEADER_BYTES

      for (const chunk of payload) {
        if (chunk.byteLength < MIN_PIECE_BYTES) {
          copied.set(chunk, used)
          used += chunk.byteLength
        } else {
          pieces.push(copied.subarray(0, used), chunk)
          copied = copied.subarray(used)
          used = 0
        }
      }
    }

    if (pieces.length === 0) {
      return copied
    }

    if (used > 0) {
      pieces.push(copied)
    }

    return Uint8ArrayList.fromUint8Arrays(pieces, this.#byteLength)
  }

  /**
   * The batch has left, and keeps nothing. For V8 makes arrays that once outlived their beginning in its old generation from then on,
   * and there they would keep streams, by what these want to be told, until it collects everything.
   */
  sent (): void {
    for (const onSent of this.#onSent) {
      onSent()
    }

    this.#onSent.length = this.#frames.length = 0
  }

  #addHeader (header: FrameHeader): BatchedFrame {
    const frame = { header, payload: [] }

    this.#frames.push(frame)
    this.#byteLength += HEADER_BYTES
    this.#copiedBytes += HEADER_BYTES

    return frame
  }
}

function takesMore ({ header: { type, streamId, length } }: BatchedFrame, ofStream: number, count: number): boolean {
  return type === FRAME_TYPE.data && streamId === ofStream && length + count <= MAX_DATA_FRAME_BYTES
}
