import { FRAME_TYPE, HEADER_BYTES } from './constants.ts'
import { encodeHeader } from './frame.ts'
import type { FrameHeader } from './frame.ts'
import type { WriteQueue } from './write-queue.ts'

/** A batch with less room for payload than this is full, rather than to cut a message once more. */
const MIN_ROOM_BYTES = 1024

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
    this.#frames.push({ header, payload: [] })
    this.#byteLength += HEADER_BYTES

    if (onSent != null) {
      this.#onSent.push(onSent)
    }
  }

  /** Adds the first `count` bytes of `source`, in the frame before if that is of the same stream. */
  addData (streamId: number, flags: number, source: WriteQueue, count: number): void {
    const last = this.#frames.at(-1)

    if (last != null && flags === 0 && last.header.streamId === streamId && last.header.type === FRAME_TYPE.data) {
      last.header.length += count
      source.moveTo(last.payload, count)
    } else {
      const payload: Uint8Array[] = []

      source.moveTo(payload, count)
      this.#frames.push({ header: { type: FRAME_TYPE.data, flags, streamId, length: count }, payload })
      this.#byteLength += HEADER_BYTES
    }

    this.#byteLength += count
  }

  /** In one piece: a transport writes every piece by itself, and an encrypter copies anyway. */
  encode (): Uint8Array {
    const bytes = new Uint8Array(this.#byteLength)
    let offset = 0

    for (const { header, payload } of this.#frames) {
      encodeHeader(bytes, offset, header)
      offset += HEADER_BYTES

      for (const chunk of payload) {
        bytes.set(chunk, offset)
        offset += chunk.byteLength
      }
    }

    return bytes
  }

  /** The batch has left. */
  sent (): void {
    for (const onSent of this.#onSent) {
      onSent()
    }
  }
}
