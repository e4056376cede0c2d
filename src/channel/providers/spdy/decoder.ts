import { FLAG, FRAME_HEADER_BYTES, MAX_CONTROL_BYTES, MAX_UINT31, SPDY_VERSION } from './constants.ts'
import { violation } from './errors.ts'

/** What a decoder tells, in the order of the bytes. Any of these may throw to end the decoding. */
export interface FrameSink {
  onControl(type: number, flags: number, payload: Uint8Array): void
  /** Part of a DATA frame, in the memory in which it arrived. */
  onData(streamId: number, bytes: Uint8Array): void
  /** A DATA frame is complete. */
  onDataEnd(streamId: number, flags: number): void
}

/**
 * Cuts bytes into frames, whatever pieces they come in. Keeps unfinished headers and control frames,
 * which are short, and hands on the payload of DATA as it comes: Go writes up to 16 MiB in one frame.
 */
export class Decoder {
  readonly #sink: FrameSink
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES)
  readonly #view = new DataView(this.#header.buffer)
  #headerBytes = 0
  /** Bytes of the current payload that have not come yet; undefined between frames. */
  #left: number | undefined
  /** What has come of a control frame; undefined within DATA. */
  #control: Uint8Array | undefined
  #isControl = false
  #isEnded = false
  /** Of the current frame: its type, or its stream. */
  #subject = 0
  #flags: number = FLAG.none

  constructor (sink: FrameSink) {
    this.#sink = sink
  }

  /** Nothing more is told, not even of bytes that came with the last. */
  end (): void {
    this.#isEnded = true
  }

  /** @throws CodedError ProtocolViolation, and what the sink throws; the decoder is of no use after that */
  write (bytes: Uint8Array): void {
    let offset = 0

    while (offset < bytes.byteLength && !this.#isEnded) {
      offset = this.#left == null ? this.#readHeader(bytes, offset) : this.#readPayload(bytes, offset, this.#left)
    }
  }

  #readHeader (bytes: Uint8Array, start: number): number {
    let offset = start

    while (offset < bytes.byteLength && this.#headerBytes < FRAME_HEADER_BYTES) {
      this.#header[this.#headerBytes] = bytes[offset] ?? 0
      this.#headerBytes++
      offset++
    }

    if (this.#headerBytes === FRAME_HEADER_BYTES) {
      this.#headerBytes = 0
      this.#startFrame()
    }

    return offset
  }

  #startFrame (): void {
    const first = this.#view.getUint32(0)
    const length = this.#view.getUint32(4) & 0xFFFFFF

    this.#flags = this.#view.getUint8(4)
    this.#isControl = first > MAX_UINT31
    this.#subject = this.#isControl ? first & 0xFFFF : first

    if (this.#isControl) {
      this.#checkControl(this.#view.getUint16(0) & 0x7FFF, length)
    } else if (first === 0) {
      throw violation('a DATA frame is for stream 0')
    }

    this.#left = length

    if (length === 0) {
      this.#endFrame(new Uint8Array(0))
    }
  }

  #checkControl (version: number, length: number): void {
    if (version !== SPDY_VERSION) {
      throw violation(`a frame has version ${version} instead of ${SPDY_VERSION}`)
    }

    if (length > MAX_CONTROL_BYTES) {
      throw violation(`a control frame of type ${this.#subject} has ${length} bytes, more than ${MAX_CONTROL_BYTES}`)
    }
  }

  #readPayload (bytes: Uint8Array, offset: number, left: number): number {
    const end = Math.min(bytes.byteLength, offset + left)
    const piece = offset === 0 && end === bytes.byteLength ? bytes : bytes.subarray(offset, end)

    this.#left = left - piece.byteLength

    if (!this.#isControl) {
      this.#sink.onData(this.#subject, piece)
    }

    const whole = this.#isControl ? this.#gather(piece, this.#left) : piece

    if (this.#left === 0) {
      this.#endFrame(whole)
    }

    return end
  }

  /** All that has come of a control frame; one that comes in one piece is not copied. */
  #gather (piece: Uint8Array, left: number): Uint8Array {
    if (this.#control == null && left === 0) {
      return piece
    }

    this.#control ??= new Uint8Array(piece.byteLength + left)
    this.#control.set(piece, this.#control.byteLength - left - piece.byteLength)

    return this.#control
  }

  #endFrame (payload: Uint8Array): void {
    this.#left = undefined
    this.#control = undefined

    if (this.#isEnded) {
      return
    }

    if (this.#isControl) {
      this.#sink.onControl(this.#subject, this.#flags, payload)
    } else {
      this.#sink.onDataEnd(this.#subject, this.#flags)
    }
  }
}
