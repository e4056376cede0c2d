import { FRAME_TYPE, HEADER_BYTES } from './constants.ts'
import { decodeHeader } from './frame.ts'
import type { FrameHeader } from './frame.ts'

/** What a decoder tells, in the order of the bytes. Any of these may throw to end the decoding. */
export interface FrameSink {
  /** A header is complete. The payload of a data frame has not been looked at: judge its length here. */
  onHeader(header: FrameHeader): void
  /** Part of the payload of the last header, in the memory in which it arrived. */
  onPayload(bytes: Uint8Array): void
  /** The payload of the last data frame is complete; also told when it is empty. */
  onPayloadEnd(): void
}

/**
 * Cuts bytes into frames, whatever pieces they come in. Keeps the bytes of one unfinished header and
 * nothing else; yamux 1.3.
 */
export class Decoder {
  readonly #sink: FrameSink
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerBytes = 0
  /** Bytes of the current payload that have not come yet; undefined between frames. */
  #payloadLeft: number | undefined

  constructor (sink: FrameSink) {
    this.#sink = sink
  }

  /** Bytes kept here, of a header that is not complete. */
  get buffered (): number {
    return this.#headerBytes
  }

  /** @throws YamuxProtocolError `version`, and what the sink throws; the decoder is of no use after that */
  write (bytes: Uint8Array): void {
    let offset = 0

    while (offset < bytes.byteLength) {
      offset = this.#payloadLeft == null ? this.#readHeader(bytes, offset) : this.#readPayload(bytes, offset, this.#payloadLeft)
    }
  }

  #readHeader (bytes: Uint8Array, offset: number): number {
    if (this.#headerBytes === 0 && bytes.byteLength - offset >= HEADER_BYTES) {
      this.#startFrame(decodeHeader(bytes, offset))

      return offset + HEADER_BYTES
    }

    const piece = bytes.subarray(offset, offset + HEADER_BYTES - this.#headerBytes)

    this.#header.set(piece, this.#headerBytes)
    this.#headerBytes += piece.byteLength

    if (this.#headerBytes === HEADER_BYTES) {
      this.#headerBytes = 0
      this.#startFrame(decodeHeader(this.#header, 0))
    }

    return offset + piece.byteLength
  }

  #startFrame (header: FrameHeader): void {
    this.#sink.onHeader(header)

    if (header.type !== FRAME_TYPE.data) {
      return
    }

    if (header.length === 0) {
      this.#sink.onPayloadEnd()
    } else {
      this.#payloadLeft = header.length
    }
  }

  #readPayload (bytes: Uint8Array, offset: number, left: number): number {
    const end = Math.min(bytes.byteLength, offset + left)

    this.#sink.onPayload(offset === 0 && end === bytes.byteLength ? bytes : bytes.subarray(offset, end))

    if (end - offset === left) {
      this.#payloadLeft = undefined
      this.#sink.onPayloadEnd()
    } else {
      this.#payloadLeft = left - (end - offset)
    }

    return end
  }
}
