import { HEADER, REASON_CODE } from '../../contract/index.ts'
import { DEFAULT_WINDOW_BYTES, INITIAL_WINDOW_SETTING, LIBCHAN_VERSION, MAX_UINT31, REASON_HEADER, REASON_STATUS, STREAM_WINDOW_BYTES } from './constants.ts'
import { cutMessage } from './errors.ts'
import { moreHeaders, ping, rstStream, settings, synReply, synStream, windowUpdate } from './frame.ts'
import { encodeHeaders } from './header-block.ts'
import { HeaderPacker } from './header-packer.ts'
import type { Outbox } from './outbox.ts'
import type { ChannelReason, StreamHeaders } from '../../contract/index.ts'

const VERSION_HEADER = { [HEADER.version]: String(LIBCHAN_VERSION) }
const REPLY_HEADERS = { ':status': '200', ...VERSION_HEADER }

/** Makes control frames, and sends those that need not keep a place among others. */
export class ControlSender {
  /** Of the other side's specification; undefined until it sent headers. */
  peerVersion: number | undefined
  #hasWindows = false
  readonly #outbox: Outbox
  readonly #packer = new HeaderPacker()
  readonly #parity: number
  #nextPingId: number
  /** Of the session's window, what came and was not granted again. */
  #received = 0

  constructor (outbox: Outbox, isInitiator: boolean) {
    this.#outbox = outbox
    this.#nextPingId = isInitiator ? 1 : 2
    this.#parity = this.#nextPingId % 2
  }

  /** Whether the other side is known to follow this specification, rather than to be Go libchan. */
  get isPeerOurs (): boolean {
    return this.#hasWindows || (this.peerVersion ?? 0) >= LIBCHAN_VERSION
  }

  /** The first frame, by which the other side knows that there are windows; spec-channel 11.4. */
  begin (): void {
    this.#outbox.sendControl(settings(INITIAL_WINDOW_SETTING, STREAM_WINDOW_BYTES))
  }

  synStream (streamId: number, headers: StreamHeaders): Uint8Array {
    return synStream(streamId, this.#pack({ ...headers, ...VERSION_HEADER }))
  }

  reply (streamId: number): void {
    this.#outbox.sendControl(synReply(streamId, this.#pack(REPLY_HEADERS)))
  }

  /** A peer of ours gets the message too; Go libchan would wait for ever for somebody to read the headers. spec-channel 11.5 */
  resetFrames (streamId: number, { code, message }: ChannelReason): Uint8Array[] {
    const frames = [rstStream(streamId, REASON_STATUS + code)]

    if (this.isPeerOurs) {
      frames.unshift(moreHeaders(streamId, this.#pack({ [REASON_HEADER.code]: String(code), [REASON_HEADER.message]: cutMessage(message) })))
    }

    return frames
  }

  reset (streamId: number, reason: ChannelReason): void {
    for (const frame of this.resetFrames(streamId, reason)) {
      this.#outbox.sendControl(frame)
    }
  }

  /** DATA came for a stream that never was. */
  rejectData (streamId: number): void {
    this.#outbox.sendControl(rstStream(streamId, REASON_STATUS + REASON_CODE.protocolViolation))
  }

  /** What a stream may send in place of what was read. */
  grant (streamId: number, bytes: number): void {
    this.#outbox.sendControl(windowUpdate(streamId, bytes))
  }

  /** The session's window is no limit: those of the streams are, or one that nobody reads would hold up all. */
  openSession (): void {
    this.#hasWindows = true
    this.#outbox.sendControl(windowUpdate(0, MAX_UINT31 - DEFAULT_WINDOW_BYTES))
  }

  /** So many bytes came on any stream, of a peer with windows. */
  keepSessionOpen (bytes: number): void {
    this.#received += bytes

    if (this.#received > MAX_UINT31 / 2) {
      this.#outbox.sendControl(windowUpdate(0, this.#received))
      this.#received = 0
    }
  }

  ping (): void {
    this.#outbox.sendControl(ping(this.#nextPingId))
    this.#nextPingId = this.#nextPingId + 2 > MAX_UINT31 ? this.#parity + 2 : this.#nextPingId + 2
  }

  /** Answers, unless it is an answer itself. */
  pong (id: number): void {
    if (id % 2 !== this.#parity) {
      this.#outbox.sendControl(ping(id))
    }
  }

  #pack (headers: StreamHeaders): Uint8Array {
    return this.#packer.pack(encodeHeaders(headers))
  }
}
