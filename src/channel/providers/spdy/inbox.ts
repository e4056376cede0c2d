import { HEADER } from '../../contract/index.ts'
import { FLAG, FRAME_TYPE, GO_AWAY_STATUS, INITIAL_WINDOW_SETTING, MAX_UINT31 } from './constants.ts'
import { reasonOf, violation } from './errors.ts'
import { STREAM_ID_BYTES, SYN_STREAM_BYTES } from './frame.ts'
import { decodeHeaders } from './header-block.ts'
import { HeaderUnpacker } from './header-unpacker.ts'
import type { SendCredit } from './credit.ts'
import type { FrameSink } from './decoder.ts'
import type { SpdyStream } from './spdy-stream.ts'
import type { StreamTable } from './stream-table.ts'
import type { StreamHeaders } from '../../contract/index.ts'

/** What the frames of the other side cause, besides what concerns one stream. */
export interface InboxHost {
  readonly table: StreamTable
  readonly credit: SendCredit
  onSynStream(streamId: number, headers: StreamHeaders, flags: number): void
  onVersion(version: number): void
  /** Windows are in force from now on. */
  onWindows(): void
  /** So many bytes of DATA came, for whatever stream. */
  onPayload(bytes: number): void
  /** A stream may hold more than it should. */
  onHeld(stream: SpdyStream): void
  onPing(id: number): void
  /** DATA came for a stream that never was. */
  onUnknownStream(streamId: number): void
  onGoAway(status: number): void
}

/** Bytes of the payloads of frames whose length is fixed. */
const FIXED_BYTES: ReadonlyMap<number, number> = new Map([
  [FRAME_TYPE.rstStream, 8],
  [FRAME_TYPE.ping, 4],
  [FRAME_TYPE.goAway, 8],
  [FRAME_TYPE.windowUpdate, 8]
])

const SETTING_BYTES = 8

/** The receiving half of a connection: what the frames mean; spec-channel 11. */
export class Inbox implements FrameSink {
  readonly #host: InboxHost
  readonly #unpacker = new HeaderUnpacker()
  #hasBegun = false

  constructor (host: InboxHost) {
    this.#host = host
  }

  onControl (type: number, flags: number, payload: Uint8Array): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)

    this.#checkLength(type, payload.byteLength)

    if (!this.#hasBegun && type !== FRAME_TYPE.settings) {
      this.#begin(undefined)
    }

    switch (type) {
      case FRAME_TYPE.synStream:
        this.#host.onSynStream(streamIdOf(view), this.#headers(payload, SYN_STREAM_BYTES), flags)
        break
      case FRAME_TYPE.synReply:
        this.#onSynReply(streamIdOf(view), this.#headers(payload, STREAM_ID_BYTES), flags)
        break
      case FRAME_TYPE.headers:
        this.#onHeaders(streamIdOf(view), this.#headers(payload, STREAM_ID_BYTES), flags)
        break
      case FRAME_TYPE.rstStream:
        this.#onReset(streamIdOf(view), view.getUint32(4))
        break
      case FRAME_TYPE.settings:
        this.#onSettings(view)
        break
      case FRAME_TYPE.ping:
        this.#host.onPing(view.getUint32(0))
        break
      case FRAME_TYPE.goAway:
        this.#host.onGoAway(view.getUint32(4))
        break
      case FRAME_TYPE.windowUpdate:
        this.#onWindowUpdate(view.getUint32(0) & MAX_UINT31, view.getUint32(4) & MAX_UINT31)
        break
      default: // SPDY 2.2.1: what is not known is ignored
    }
  }

  onData (streamId: number, bytes: Uint8Array): void {
    if (!this.#hasBegun) {
      throw violation('its first frame is DATA')
    }

    const stream = this.#host.table.get(streamId)

    this.#host.onPayload(bytes.byteLength)

    if (stream != null) {
      stream.onData(bytes, this.#host.credit.hasWindows)
      this.#host.onHeld(stream)
    }
  }

  onDataEnd (streamId: number, flags: number): void {
    if (!this.#host.table.isKnown(streamId)) {
      this.#host.onUnknownStream(streamId)
    }

    if ((flags & FLAG.fin) !== 0) {
      this.#host.table.get(streamId)?.onFin()
    }
  }

  #checkLength (type: number, length: number): void {
    const fixed = FIXED_BYTES.get(type)
    const least = type === FRAME_TYPE.synStream ? SYN_STREAM_BYTES : STREAM_ID_BYTES

    if ((fixed != null && fixed !== length) || (length < least && type <= FRAME_TYPE.windowUpdate)) {
      throw violation(`a control frame of type ${type} has ${length} bytes`)
    }
  }

  /** All headers are unpacked, also of streams that are gone: each block may refer to those before. */
  #headers (payload: Uint8Array, start: number): StreamHeaders {
    return decodeHeaders(this.#unpacker.unpack(payload.subarray(start)))
  }

  /** The first frame tells what the other side is; spec-channel 11.4. */
  #begin (window: number | undefined): void {
    this.#hasBegun = true

    if (window == null) {
      this.#host.credit.lift()
    } else {
      this.#host.onWindows()
      this.#host.credit.setWindow(window)
    }
  }

  #onSynReply (streamId: number, headers: StreamHeaders, flags: number): void {
    const stream = this.#host.table.get(streamId)

    this.#host.onVersion(versionOf(headers))

    if (stream == null) {
      return
    }

    const status = headers[':status'] ?? '200'

    if (stream.isReplied) {
      stream.violate('SYN_REPLY came twice')
      return
    }

    if (!status.startsWith('2')) {
      stream.onRefused(status)
      return
    }

    stream.onReplied()
    this.#checkFin(stream, flags)
  }

  #onHeaders (streamId: number, headers: StreamHeaders, flags: number): void {
    const stream = this.#host.table.get(streamId)

    if (stream != null) {
      stream.lastHeaders = headers
      this.#checkFin(stream, flags)
    }
  }

  #checkFin (stream: SpdyStream, flags: number): void {
    if ((flags & FLAG.fin) !== 0) {
      stream.onFin()
    }
  }

  #onReset (streamId: number, status: number): void {
    const stream = this.#host.table.get(streamId)

    stream?.onReset(reasonOf(status, stream.lastHeaders))
  }

  #onSettings (view: DataView): void {
    const count = view.getUint32(0)

    if (view.byteLength !== STREAM_ID_BYTES + count * SETTING_BYTES) {
      throw violation(`SETTINGS has ${view.byteLength} bytes for ${count} settings`)
    }

    let window: number | undefined

    for (let offset = STREAM_ID_BYTES; offset < view.byteLength; offset += SETTING_BYTES) {
      if ((view.getUint32(offset) & 0xFFFFFF) === INITIAL_WINDOW_SETTING) {
        window = view.getUint32(offset + 4)
      }
    }

    if (window != null && window > MAX_UINT31) {
      throw violation(`SETTINGS has a window of ${window} bytes`)
    }

    if (!this.#hasBegun) {
      this.#begin(window)
    } else if (window != null && this.#host.credit.hasWindows) {
      this.#host.credit.setWindow(window)
    }
  }

  #onWindowUpdate (streamId: number, bytes: number): void {
    if (!this.#host.credit.hasWindows) {
      return
    }

    if (streamId !== 0) {
      this.#host.table.get(streamId)?.onWindowUpdate(bytes)
    } else if (!this.#host.credit.grant(bytes)) {
      throw violation('it granted the session more than SPDY has numbers for, or nothing')
    }
  }
}

function streamIdOf (view: DataView): number {
  const streamId = view.getUint32(0) & MAX_UINT31

  if (streamId === 0) {
    throw violation('a frame of a stream is for stream 0')
  }

  return streamId
}

/** Of the specification of channels that the other side follows; spec-channel 11.6. */
export function versionOf (headers: StreamHeaders): number {
  const version = headers[HEADER.version] ?? ''

  return /^\d{1,6}$/.test(version) ? Number(version) : 0
}

/** In words, for messages. */
export function describeGoAway (status: number): string {
  return status === GO_AWAY_STATUS.protocolError ? 'it says that this side broke the protocol' : `with status ${status}`
}
