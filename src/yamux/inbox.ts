import { chunksOf, TransientSet } from '../base/index.ts'
import { FLAG, FRAME_TYPE, NO_RESET_CODE } from './constants.ts'
import { Decoder } from './decoder.ts'
import { YamuxProtocolError } from './errors.ts'
import type { FrameSink } from './decoder.ts'
import type { FrameHandler } from './frame-handler.ts'
import type { FrameHeader } from './frame.ts'
import type { YamuxStream } from './stream.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

/**
 * The receiving half of a connection: takes frames apart, judges them, and brings them to their stream.
 * What one read of the transport holds for a stream is delivered to it in one piece.
 */
export class Inbox implements FrameSink {
  readonly #handler: FrameHandler
  readonly #decoder = new Decoder(this)
  /** Streams that were opened, or received payload, in this read. */
  readonly #touched = new TransientSet<YamuxStream>()
  #arrived: Uint8Array[] = []
  #isReading = false
  /** Of the data frame whose payload is coming, if anybody wants that. */
  #stream: YamuxStream | undefined
  #isLast = false

  constructor (handler: FrameHandler) {
    this.#handler = handler
  }

  get isReading (): boolean {
    return this.#isReading
  }

  /** @throws YamuxProtocolError */
  read (bytes: Uint8Array | Uint8ArrayList): void {
    for (const chunk of chunksOf(bytes)) {
      this.#arrived.push(chunk)
    }

    // a transport may answer within our own send: its bytes come after those that we have begun with
    if (this.#isReading) {
      return
    }

    this.#isReading = true

    try {
      while (this.#arrived.length > 0) {
        this.#decode()
        this.#deliver()
      }
    } finally {
      this.#isReading = false
    }
  }

  onHeader (header: FrameHeader): void {
    this.#stream = undefined

    if (this.#handler.isOver()) {
      return
    }

    switch (header.type) {
      case FRAME_TYPE.data:
      case FRAME_TYPE.windowUpdate:
        this.#onStreamFrame(header)
        break
      case FRAME_TYPE.ping:
        assertSession(header)
        this.#onPing(header)
        break
      case FRAME_TYPE.goAway:
        assertSession(header)
        this.#handler.onGoAway(header.length)
        break
      default:
        throw new YamuxProtocolError('type', `a frame must be of a type from 0 to 3, received ${header.type}`)
    }
  }

  onPayload (bytes: Uint8Array): void {
    if (this.#stream != null) {
      this.#stream.onPayload(bytes)
      this.#touched.add(this.#stream)
    }
  }

  onPayloadEnd (): void {
    // the end counts behind the payload, wherever in the frame it was said; yamux 2.8
    if (this.#isLast) {
      this.#stream?.onFin()
    }

    this.#stream = undefined
  }

  #decode (): void {
    const chunks = this.#arrived

    this.#arrived = []

    for (const chunk of chunks) {
      this.#decoder.write(chunk)
    }
  }

  #deliver (): void {
    for (let stream = this.#touched.shift(); stream != null; stream = this.#touched.shift()) {
      stream.onPause()
    }
  }

  #onStreamFrame ({ type, flags, streamId, length }: FrameHeader): void {
    if (streamId === 0) {
      throw new YamuxProtocolError('sessionId', `a frame of type ${type} must name a stream, received stream ID 0`)
    }

    if ((flags & FLAG.syn) !== 0) {
      this.#handler.onSyn(streamId)
    }

    const stream = this.#handler.stream(streamId)

    if (stream == null) {
      return // it crossed a reset of ours; yamux 2.7
    }

    if ((flags & FLAG.syn) !== 0) {
      this.#touched.add(stream)
    }

    if ((flags & FLAG.rst) !== 0) {
      stream.onReset(type === FRAME_TYPE.windowUpdate ? length : NO_RESET_CODE)
      return
    }

    const isFin = (flags & FLAG.fin) !== 0

    stream.onAcknowledged()

    if (type === FRAME_TYPE.data) {
      this.#stream = stream.onDataHeader(length) ? stream : undefined
      this.#isLast = isFin
      return
    }

    stream.onWindowUpdate(length)

    if (isFin) {
      stream.onFin()
    }
  }

  #onPing ({ flags, length }: FrameHeader): void {
    if ((flags & FLAG.syn) !== 0) {
      this.#handler.onPing(length)
    } else if ((flags & FLAG.ack) !== 0) {
      this.#handler.onPong(length)
    } else {
      throw new YamuxProtocolError('pingFlags', `a ping must have SYN or ACK, received flags ${flags}`)
    }
  }
}

function assertSession ({ type, streamId }: FrameHeader): void {
  if (streamId !== 0) {
    throw new YamuxProtocolError('sessionId', `a frame of type ${type} must have stream ID 0, received ${streamId}`)
  }
}
