import { REASON_CODE } from '../../contract/index.ts'
import { Barriers } from './barrier.ts'
import { FLAG, MAX_DATA_BYTES, MAX_UINT31 } from './constants.ts'
import { ReceiveWindow } from './credit.ts'
import { sessionClosed, streamAborted, streamReset, violation } from './errors.ts'
import { dataHeader } from './frame.ts'
import { ReadSide } from './read-side.ts'
import { WriteQueue } from './write-queue.ts'
import type { SendCredit, Starving } from './credit.ts'
import type { FrameBatch } from './frame-batch.ts'
import type { FrameSource, Outbox } from './outbox.ts'
import type { ChannelReason, LinkEvents, ProviderStream, StreamHeaders } from '../../contract/index.ts'

/** What a stream needs of its provider. */
export interface StreamHost {
  readonly outbox: Outbox
  readonly credit: SendCredit
  /** What may wait to be sent on a stream before its writer has to. */
  readonly backlogBytes: number
  /** Whether messages and the streams that they refer to have to wait for each other; see `Barriers`. */
  readonly isOrderLoose: boolean
  /** The frame that opens `stream`, which has an ID now. */
  announce(stream: SpdyStream): Uint8Array
  /** The frames that reset a stream. */
  resetFrames(streamId: number, reason: ChannelReason): Uint8Array[]
  /** So many bytes of a stream were delivered or thrown away; `granted` is what it may send in place of them. */
  onConsumed(stream: SpdyStream, granted: number): void
  /** Both directions have ended, as far as the connection is concerned. */
  onEnded(stream: SpdyStream): void
}

/** One stream of a SPDY connection; spec-channel 11.2. */
export class SpdyStream implements ProviderStream, FrameSource, Starving {
  readonly headers: StreamHeaders
  /** 0 until it is announced. */
  id: number
  /** Of HEADERS that came before RST_STREAM. */
  lastHeaders: StreamHeaders | undefined

  readonly #host: StreamHost
  readonly #reading: ReadSide
  readonly #window = new ReceiveWindow()
  readonly #unsent = new WriteQueue()
  readonly #barriers = new Barriers()
  /** Streams with messages that refer to this one. */
  #carriers: SpdyStream[] = []
  /** Whether the message that refers to this stream has not left. */
  #isUncarried = false
  /** Whether the other side has answered, or does not have to. */
  #isReplied: boolean
  #granted = 0
  #written = 0
  #sent = 0
  #local: 'open' | 'ending' | 'ended' = 'open'
  /** What ends the stream behind what was written, rather than FIN. */
  #lastReason: ChannelReason | undefined
  #needsRoom = false
  #isEnded = false

  /** `id` is that of a stream of the other side. */
  constructor (host: StreamHost, headers: StreamHeaders, id = 0) {
    this.#host = host
    this.headers = headers
    this.id = id
    this.#isReplied = id !== 0
    this.#reading = new ReadSide((bytes) => {
      this.#host.onConsumed(this, this.#reading.isEnded || this.#isEnded ? 0 : this.#window.consume(bytes))
    })
  }

  get isReplied (): boolean {
    return this.#isReplied
  }

  /** Whether the other side has accepted it, or never will. */
  get isSettled (): boolean {
    return this.#isReplied || this.#isEnded
  }

  /** Bytes that came and were not delivered. */
  get unreadBytes (): number {
    return this.#reading.byteLength
  }

  /** Whether something that was written, or the end behind it, has not left. */
  get isUnsent (): boolean {
    return this.#unsent.byteLength > 0 || this.#local === 'ending'
  }

  attach (events: LinkEvents): void {
    this.#reading.attach(events)
  }

  pause (): void {
    this.#reading.pause()
  }

  resume (): void {
    this.#reading.resume()
  }

  write (bytes: Uint8Array): boolean {
    if (this.#local !== 'open' || bytes.byteLength === 0) {
      return true
    }

    this.#unsent.push(bytes)
    this.#written += bytes.byteLength
    this.#want()
    this.#needsRoom = this.#unsent.byteLength >= this.#host.backlogBytes

    return !this.#needsRoom
  }

  end (): void {
    if (this.#local === 'open') {
      this.#local = 'ending'
      this.#want()
    }
  }

  endWith (reason: ChannelReason): void {
    if (this.#isEnded) {
      return
    }

    this.#local = 'ending'
    this.#lastReason ??= reason
    this.#reading.pause()
    this.#reading.drop()
    this.#want()
  }

  reset (reason: ChannelReason): void {
    this.#reading.drop()

    if (this.#isEnded) {
      return
    }

    this.#unsent.clear()

    if (this.id !== 0 && this.#host.credit.isUnknown) {
      this.#resetLater(reason)
      return
    }

    if (this.id !== 0) {
      this.#sendReset(reason)
    }

    this.fail(streamAborted(reason))
  }

  /** What is written from now on refers to `stream`, which is ours. */
  carry (stream: SpdyStream): void {
    if (this.#host.isOrderLoose && !stream.isSettled) {
      this.#barriers.add(this.#written, stream)
      stream.#carriers.push(this)
      stream.#isUncarried = true
    }
  }

  onCarried (): void {
    this.#isUncarried = false
    this.onCredit()
  }

  /** The other side has accepted it. */
  onReplied (): void {
    this.#isReplied = true
    this.#settle()
  }

  /** A part of a DATA frame. */
  onData (bytes: Uint8Array, hasWindow: boolean): void {
    if (!this.#isReplied || this.#reading.isEnded) {
      this.violate(this.#isReplied ? 'data came behind the end of the stream' : 'data came before SYN_REPLY')
      return
    }

    if (hasWindow && !this.#window.receive(bytes.byteLength)) {
      this.violate('more data came than was granted')
      return
    }

    if (this.#lastReason == null) {
      this.#reading.receive(bytes)
    } else {
      this.#host.onConsumed(this, this.#window.consume(bytes.byteLength))
    }
  }

  onFin (): void {
    // nothing more is told of a stream that this side gave up
    if (!this.#isEnded && this.#lastReason == null) {
      this.#reading.end()
      this.#checkEnded()
    }
  }

  onReset (reason: ChannelReason): void {
    this.fail(reason.code === REASON_CODE.sessionClosed ? sessionClosed('the other side') : streamReset(reason))
  }

  /** SYN_REPLY came, and is no consent. */
  onRefused (status: string): void {
    const reason = { code: REASON_CODE.refused, message: `it answered with status ${status}` }

    this.#sendReset({ code: REASON_CODE.cancelled, message: '' })
    this.fail(streamReset(reason))
  }

  onWindowUpdate (bytes: number): void {
    this.#granted += bytes

    if (bytes === 0 || this.#host.credit.streamWindow + this.#granted - this.#sent > MAX_UINT31) {
      this.violate('it granted more than SPDY has numbers for, or nothing')
      return
    }

    this.onCredit()
  }

  onCredit (): void {
    if (this.isUnsent) {
      this.#want()
    }
  }

  /** The other side reads nothing of this stream (SPDY 2.3.6). */
  endLocal (): void {
    this.#local = 'ended'
    this.#checkEnded()
  }

  announce (batch: FrameBatch): void {
    batch.add(this.#host.announce(this))
    this.#want()
  }

  fill (batch: FrameBatch): boolean {
    if (this.id === 0 || this.#local === 'ended') {
      return false
    }

    if (this.#isUncarried && this.#host.isOrderLoose) {
      this.#host.credit.await(this) // who the peer is may show first
      return false
    }

    const waiting = this.#unsent.byteLength
    const allowed = Math.min(this.#host.credit.availableTo(this.#granted, this.#sent), this.#untilBarrier)
    const count = Math.max(0, Math.min(waiting, allowed, MAX_DATA_BYTES))
    const isLast = count === waiting && this.#local === 'ending'

    if (count > 0 || (isLast && this.#lastReason == null)) {
      batch.add(dataHeader(this.id, isLast && this.#lastReason == null ? FLAG.fin : FLAG.none, count))
      this.#unsent.moveTo(batch, count)
      this.#sent += count
      this.#host.credit.spend(count)
      this.#barriers.pass(this.#sent)
    }

    if (isLast && this.#lastReason != null && this.#host.credit.isUnknown) {
      this.#host.credit.await(this)
      return false
    }

    if (isLast) {
      this.#finish(batch)
      return false
    }

    this.#offerRoom()

    if (waiting > count && allowed <= count) {
      this.#host.credit.await(this)
      return false
    }

    return waiting > count
  }

  onRoom (): void {
    if (this.#needsRoom) {
      this.#needsRoom = false
      this.#reading.events?.onRoom()
    }
  }

  /** Ends both directions. What came can still be had. */
  fail (error: Error | undefined): void {
    if (this.#isEnded) {
      return
    }

    this.#isEnded = true
    this.#local = 'ended'
    this.#unsent.clear()
    this.#host.outbox.remove(this)
    this.#host.credit.forget(this)
    this.#host.onEnded(this)
    this.#reading.close(error)
    this.#settle()
    this.#barriers.pass(Infinity)
  }

  get #untilBarrier (): number {
    return this.#host.isOrderLoose ? this.#barriers.next - this.#sent : Infinity
  }

  /** Messages that refer to this stream may leave. */
  #settle (): void {
    const carriers = this.#carriers

    this.#carriers = []

    for (const carrier of carriers) {
      carrier.onCredit()
    }
  }

  /** The other side broke a rule that concerns this stream alone. */
  violate (message: string): void {
    this.#sendReset({ code: REASON_CODE.protocolViolation, message })
    this.fail(violation(message))
  }

  #want (): void {
    if (this.id !== 0) {
      this.#host.outbox.want(this, this.#unsent.byteLength)
    }
  }

  /** All that was written is in the batch. */
  #finish (batch: FrameBatch): void {
    this.#local = 'ended'

    if (this.#lastReason == null) {
      this.#checkEnded()
      return
    }

    for (const frame of this.#host.resetFrames(this.id, this.#lastReason)) {
      batch.add(frame)
    }

    this.fail(streamAborted(this.#lastReason))
  }

  /** A reason travels in a way that depends on the peer: it waits until that has said something. */
  #resetLater (reason: ChannelReason): void {
    this.#local = 'ending'
    this.#lastReason = reason
    this.#reading.close(streamAborted(reason))
    this.#want()
  }

  #offerRoom (): void {
    if (this.#needsRoom && this.#unsent.byteLength <= this.#host.backlogBytes / 2) {
      this.#host.outbox.offerRoom(this)
    }
  }

  #sendReset (reason: ChannelReason): void {
    for (const frame of this.#host.resetFrames(this.id, reason)) {
      this.#host.outbox.sendControl(frame)
    }
  }

  #checkEnded (): void {
    if (this.#local === 'ended' && this.#reading.isEnded) {
      this.fail(undefined)
    }
  }
}
