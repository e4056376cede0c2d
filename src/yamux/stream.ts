import { StreamBufferError, StreamStateError } from '@libp2p/interface'
import { CodedError } from '../base/index.ts'
import { MessageStreamBase } from '../message-stream/index.ts'
import { FLAG, FRAME_TYPE, MAX_DATA_FRAME_BYTES } from './constants.ts'
import { resetCodeOf, YamuxProtocolError, YamuxResetError } from './errors.ts'
import { IdleTimer } from './idle-timer.ts'
import { ReceiveWindow } from './window.ts'
import { WriteSide } from './write-side.ts'
import type { FrameBatch } from './frame-batch.ts'
import type { Writer } from './outbox.ts'
import type { StreamHost } from './stream-host.ts'
import type { AbortOptions, Logger, MessageStreamDirection, Stream, StreamOptions } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface YamuxStreamInit extends StreamOptions {
  streamId: number
  direction: MessageStreamDirection
  protocol?: string
}

/** Of the interface's default, or of the window where that may grow beyond. */
const DEFAULT_MAX_READ_BUFFER_BYTES = 4 * 1024 * 1024

/** One stream of a yamux connection. See `docs/yamux.md` for its states; yamux 2. */
export class YamuxStream extends MessageStreamBase implements Stream, Writer {
  readonly streamId: number
  readonly id: string
  protocol: string

  readonly #host: StreamHost
  readonly #writing = new WriteSide()
  readonly #receiveWindow: ReceiveWindow
  #idle: IdleTimer | undefined
  /** The flag that the next frame has to carry, as it is the first. */
  #openFlag: number
  #log: Logger | undefined
  /** Whether the peer knows of it; one that the peer opened counts so. */
  #isAcknowledged: boolean

  constructor (host: StreamHost, { streamId, direction, protocol, ...options }: YamuxStreamInit) {
    super({
      direction,
      maxReadBufferLength: options.maxReadBufferLength ?? Math.max(DEFAULT_MAX_READ_BUFFER_BYTES, host.maxStreamWindowBytes),
      maxWriteBufferLength: options.maxWriteBufferLength,
      clock: host.clock
    })
    this.streamId = streamId
    this.id = String(streamId)
    this.protocol = protocol ?? ''
    this.#host = host
    this.#openFlag = direction === 'outbound' ? FLAG.syn : FLAG.ack
    this.#isAcknowledged = direction === 'inbound'
    this.#receiveWindow = new ReceiveWindow(host.budget, host.maxStreamWindowBytes, host.clock.now())

    if (options.inactivityTimeout != null) {
      this.inactivityTimeout = options.inactivityTimeout
    }
  }

  get log (): Logger {
    this.#log ??= this.#host.logFor(`${this.direction}:${this.id}`)

    return this.#log
  }

  /** Milliseconds without a byte in either direction, after which the stream is aborted; 0 and `Infinity` are never. */
  get inactivityTimeout (): number {
    return this.#idle?.timeoutMs ?? Infinity
  }

  set inactivityTimeout (ms: number) {
    if (this.status !== 'open') {
      return // a timer would outlive the stream
    }

    this.#idle ??= new IdleTimer(this.#host.clock, (silentMs) => {
      this.abort(new CodedError('StreamIdle', `the stream was silent for ${Math.round(silentMs)} ms, more than the ${this.inactivityTimeout} ms allowed`))
    })
    this.#idle.timeoutMs = ms
  }

  get writeBufferLength (): number {
    return this.#writing.byteLength
  }

  /** Bytes that wait for credit or for the connection. */
  get writeBuffer (): { readonly byteLength: number } {
    return this.#writing
  }

  /** Whether the peer has not heard of this stream. */
  get isUnannounced (): boolean {
    return this.#openFlag === FLAG.syn
  }

  /** Whether somebody closed this stream, and gave up waiting until its bytes have left. */
  get isCloseAbandoned (): boolean {
    return this.#writing.isAbandoned
  }

  /**
   * Sends bytes, which must not be changed afterwards; false when the next should wait for `drain`.
   *
   * @throws StreamStateError when the writable end is closing or closed
   */
  send (data: Uint8Array | Uint8ArrayList): boolean {
    if (this.writeStatus !== 'writable') {
      throw new StreamStateError(`cannot write to a stream whose writable end is ${this.writeStatus}`)
    }

    if (data.byteLength === 0) {
      return !this.writableNeedsDrain
    }

    this.#idle?.touch()
    this.#writing.push(data)

    if (this.#writing.sendable > 0) {
      this.#host.outbox.wantData(this)
    }

    if (this.#writing.byteLength === 0 && !this.#host.outbox.isSaturated) {
      return this.status === 'open'
    }

    return this.#holdBack()
  }

  override gather (): void {
    this.#host.outbox.gather()
  }

  /**
   * Ends our direction when all that was written has left; the signal ends the waiting only.
   *
   * @throws the signal's reason; what ended the stream before the end had left
   */
  async close (options?: AbortOptions): Promise<void> {
    if (this.status !== 'open' || this.writeStatus === 'closed') {
      return
    }

    this.endWrite()
    await this.#writing.waitForEnd(options?.signal)
  }

  /** As `close`, for who does not wait: sinks are told that the stream is idle when the end has left. */
  endWrite (): void {
    if (this.writeStatus === 'writable') {
      this.writeStatus = 'closing'
      this.sendCloseWrite()
    }
  }

  /** Ends both directions at once, and tells the peer. */
  abort (error: Error): void {
    if (this.status === 'open') {
      this.#fail(error, { isLocal: true, resetCode: this.isUnannounced ? undefined : resetCodeOf(error) })
    }
  }

  /** The first frame has to leave now, if it has not yet; yamux 2.3 and 2.4. */
  announce (): void {
    if (this.#openFlag !== FLAG.none && this.status === 'open') {
      this.#host.outbox.wantControl(this, { canWait: false })
    }
  }

  /** The peer has acknowledged the stream, or shown otherwise that it knows of it. */
  onAcknowledged (): void {
    if (!this.#isAcknowledged) {
      this.#isAcknowledged = true
      this.#host.onAcknowledged()
    }
  }

  /** @throws YamuxProtocolError `windowOverflow` */
  onWindowUpdate (bytes: number): void {
    this.#writing.addCredit(bytes)

    if (this.#writing.sendable > 0) {
      this.#host.outbox.wantData(this)
    }
  }

  /**
   * Judges a data frame before its payload comes. Whether that is wanted.
   *
   * @throws YamuxProtocolError `windowExceeded`
   */
  onDataHeader (bytes: number): boolean {
    if (bytes > 0 && this.remoteWriteStatus !== 'writable') {
      this.abort(new YamuxProtocolError('dataAfterEnd', `the peer sent ${bytes} bytes on stream ${this.id} after it had ended that`))
      return false
    }

    this.#receiveWindow.receive(bytes)

    return true
  }

  onPayload (bytes: Uint8Array): void {
    if (this.status === 'open') {
      this.#idle?.touch()
      this.receive(bytes)
    }
  }

  /** No more comes for now: gives what has come to whoever wants it, and keeps the rest. */
  onPause (): void {
    if (this.remoteWriteStatus === 'writable') {
      this.#host.learnRtt() // there is more to come
    }

    this.deliver()
    this.keepUnread()
  }

  onFin (): void {
    if (this.status !== 'open') {
      return
    }

    this.deliver()
    this.endRemote()
    this.#checkEnded()
  }

  /** The peer ended both directions; yamux 2.12. */
  onReset (code: number): void {
    if (this.status === 'open') {
      this.deliver()
      this.#fail(new YamuxResetError(this.id, code), { isLocal: false })
    }
  }

  /** The connection has gone. */
  onConnectionEnd (error: Error): void {
    if (this.status === 'open') {
      this.deliver()
      this.#fail(error, { isLocal: false })
    }
  }

  addControl (batch: FrameBatch): void {
    const isFin = this.#writing.takeFin()
    const flags = this.#takeOpenFlag() | (isFin ? FLAG.fin : FLAG.none)
    const length = this.#takeCredit(flags)

    if (flags !== FLAG.none || length > 0) {
      batch.addControl({ type: FRAME_TYPE.windowUpdate, flags, streamId: this.streamId, length }, isFin ? this.#onFinSent : undefined)
    }
  }

  addData (batch: FrameBatch): boolean {
    const count = Math.min(batch.room, this.#writing.sendable, MAX_DATA_FRAME_BYTES)

    if (count > 0) {
      this.#writing.addData(batch, this.streamId, this.#takeOpenFlag(), count)
    }

    if (this.#writing.byteLength > 0) {
      return this.#writing.sendable > 0
    }

    if (this.#writing.isFinDue) {
      this.#host.outbox.wantControl(this, { canWait: true })
    }

    if (this.writableNeedsDrain) {
      this.#host.outbox.awaitRoom(this)
      this.tellIdle()
    }

    return false
  }

  onRoom (): void {
    // more may have been written since, and it is that which waits now
    if (this.writableNeedsDrain && this.#writing.byteLength === 0 && this.status === 'open') {
      this.tellRoom()
    }
  }

  override onConsumed (bytes: number): void {
    this.#receiveWindow.consume(bytes)

    if (this.status === 'open' && this.remoteWriteStatus === 'writable' && this.#receiveWindow.isReturnDue) {
      this.#host.measureRtt()
      this.#host.outbox.wantControl(this, { canWait: false })
    }
  }

  /** Sends FIN behind what waits, at the end of the tick at the earliest. */
  protected sendCloseWrite (): void {
    this.#writing.end()

    if (this.#writing.isFinDue) {
      this.#host.outbox.wantControl(this, { canWait: true })
    }
  }

  readonly #onFinSent = (): void => {
    if (this.status === 'open') {
      this.writeStatus = 'closed'
      this.#writing.finSent()
      this.tellEndSent()
      this.#checkEnded()
    }
  }

  #takeOpenFlag (): number {
    const flag = this.#openFlag

    this.#openFlag = FLAG.none

    return flag
  }

  /** What can be returned to the peer, if that is worth a frame or there is a frame anyway; yamux 3.4. */
  #takeCredit (flags: number): number {
    if (this.remoteWriteStatus !== 'writable' || (flags === FLAG.none && !this.#receiveWindow.isReturnDue)) {
      return 0
    }

    return this.#receiveWindow.giveBack(this.#host.moment())
  }

  #holdBack (): boolean {
    if (this.status !== 'open') {
      return false
    }

    this.writableNeedsDrain = true

    if (this.#writing.byteLength === 0) {
      this.#host.outbox.awaitRoom(this)
    } else if (this.maxWriteBufferLength != null && this.#writing.byteLength > this.maxWriteBufferLength) {
      this.abort(new StreamBufferError(`at most ${this.maxWriteBufferLength} bytes may wait to be sent, there are ${this.#writing.byteLength}`))
    }

    return false
  }

  #checkEnded (): void {
    if (this.#writing.isEnded && this.remoteWriteStatus === 'closed' && this.status === 'open') {
      this.#release()
      this.finish()
    }
  }

  #fail (error: Error, { isLocal, resetCode }: { isLocal: boolean, resetCode?: number | undefined }): void {
    const hadUnsent = this.#writing.byteLength > 0

    this.#writing.fail(error)
    this.#release(resetCode)

    if (hadUnsent) {
      this.tellIdle()
    }

    this.fail(error, { isLocal })
  }

  /** Gives everything back that the connection lent. */
  #release (resetCode?: number): void {
    this.#idle?.[Symbol.dispose]()
    this.#receiveWindow.close()
    this.#host.outbox.remove(this)
    this.#host.onEnded(this.streamId, resetCode)
  }
}
