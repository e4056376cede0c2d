import { CodedError, raceSignal, toError } from '../../base/index.ts'
import { PortReader } from './port-reader.ts'
import { PortWriter } from './port-writer.ts'
import { closedForReading, explainFailure } from './stream-error.ts'
import type { NegotiationPort } from './multistream.ts'
import type { PortReaderInit } from './port-reader.ts'
import type { MessageStream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'

/**
 * What a muxer may hold for us while it is paused, before it gives up on the stream: twice the
 * largest window of yamux, so that a stalled reader is never taken for a fault.
 */
const RAW_READ_BUFFER_BYTES = 32 * 1024 * 1024

export interface StreamPortInit extends PortReaderInit {
  onWrite?: ((bytes: number) => void) | undefined
  /** The error of a stream whose transport went away without a word. */
  lossError?: (() => Error) | undefined
  /** Whether the transport still works; an abort that comes from below when it does not is a loss. */
  isConnected?: (() => boolean) | undefined
}

/**
 * The one reader and writer of a stream of messages, which a muxer, an encrypter or a transport made.
 * It turns events into waiting reads and writes, and keeps memory bounded.
 *
 * Make it as soon as the raw stream appears. Only the peer's own end of writing (`remoteCloseWrite`)
 * is an end here; a raw stream that closes without one, as all streams of a dead connection do, is an
 * error. What had arrived by then is read first, unless it was we who aborted.
 */
export class StreamPort {
  readonly raw: MessageStream
  /** Resolves when both directions have ended, with the error if one ended them. */
  readonly closed: Promise<Error | undefined>

  readonly #reader: PortReader
  readonly #writer: PortWriter
  readonly #lossError: () => Error
  readonly #isConnected: () => boolean
  readonly #settleClosed: (error: Error | undefined) => void
  /** Of the raw stream, as it was before us. */
  readonly #original: Pick<MessageStream, 'abort' | 'maxReadBufferLength'>
  #isClosed = false
  #isDiscarding = false
  /** From `openLazily` until the peer has answered; nobody else may read. */
  #handshake: PromiseWithResolvers<void> | undefined
  #confirming: Promise<void> | undefined
  #onRoomListener: (() => void) | undefined
  #onChangeListener: (() => void) | undefined

  constructor (raw: MessageStream, init: StreamPortInit) {
    const { promise, resolve } = Promise.withResolvers<Error | undefined>()

    this.raw = raw
    this.closed = promise
    this.#settleClosed = resolve
    this.#reader = new PortReader(raw, init)
    this.#writer = new PortWriter(raw, {
      onWrite: init.onWrite,
      explain: (thrown) => this.#explain(thrown, true),
      onEnded: () => { this.#checkClosed() }
    })
    this.#lossError = init.lossError ?? (() => new CodedError('ConnectionLost', 'the connection was lost before the stream had ended'))
    this.#isConnected = init.isConnected ?? (() => true)
    this.#original = { abort: raw.abort.bind(raw), maxReadBufferLength: raw.maxReadBufferLength }

    // when its peer says farewell, the yamux of npm aborts all streams, and with them what they hold for us
    raw.abort = (error) => {
      this.#reader.flush()
      this.#original.abort(error)
    }

    raw.maxReadBufferLength = Math.max(raw.maxReadBufferLength, RAW_READ_BUFFER_BYTES)
    this.#listen('addEventListener')
    this.#catchUp()
  }

  /** Unread bytes that are here; the muxer may hold up to a window more. */
  get buffered (): number {
    return this.#reader.buffered
  }

  get bytesRead (): number {
    return this.#reader.bytesRead
  }

  get bytesWritten (): number {
    return this.#writer.bytesWritten
  }

  /** What ended a direction before its time. */
  get error (): Error | undefined {
    return this.#reader.error ?? this.#writer.error
  }

  get isClosed (): boolean {
    return this.#isClosed
  }

  /** Whether the peer has ended its direction; there may be bytes left to read. */
  get remoteEnded (): boolean {
    return this.#reader.remoteEnded
  }

  /** Whether the peer has ended its direction, and all that it sent was read. */
  get readEnded (): boolean {
    return this.#handshake == null && this.#reader.ended
  }

  /** Why reading fails, once all that is here was read. */
  get readError (): Error | undefined {
    return this.#reader.error
  }

  /** Whether nothing can be written any more. */
  get writeEnded (): boolean {
    return this.#writer.ended || this.#writer.error != null
  }

  /**
   * The next chunk, or null at the end. One call at a time.
   *
   * @throws what ended the stream, or the signal's reason
   */
  async read (signal?: AbortSignal): Promise<Uint8Array | null> {
    this.#writer.flushPrefix()

    if (this.#handshake != null) {
      await raceSignal(this.#handshake.promise, signal)
    }

    if (this.#handshake != null && this.#isDiscarding) {
      throw closedForReading()
    }

    return this.#reader.read(signal)
  }

  /** The next chunk if one may be read now; for who is told by `onChange` when to look. */
  take (): Uint8Array | undefined {
    return this.#handshake == null ? this.#reader.take() : undefined
  }

  /** Sends what `openLazily` holds back for the first bytes. */
  flush (): void {
    this.#writer.flushPrefix()
  }

  /** Calls `fn` whenever there may be something to take, or a direction may have ended. */
  onChange (fn: () => void): void {
    this.#onChangeListener = fn
  }

  /** Adds bytes as if they had just arrived. */
  append (bytes: Uint8Array): void {
    this.#reader.push(bytes)
  }

  /** Puts bytes back, to be read first: surplus of a negotiation. */
  unread (bytes: Uint8Array): void {
    this.#reader.unread(bytes)
  }

  /**
   * Waits for its turn and for room, then hands `bytes` on. They must not be changed afterwards.
   *
   * @throws what ended the stream, StreamClosed after `closeWrite`, or the signal's reason
   */
  async write (bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#writer.write(bytes, signal)
  }

  /** Sends bytes without waiting for room, and before writes that wait for it. */
  sendNow (bytes: Uint8Array): void {
    this.#writer.sendNow(bytes)
  }

  /** Whether the next write need not wait. */
  get hasRoom (): boolean {
    return this.#writer.hasRoom
  }

  /** Calls `fn` whenever there may be room again. */
  onRoom (fn: () => void): void {
    this.#onRoomListener = fn
  }

  /**
   * Puts `greeting` in front of the first bytes written, or sends it with the first read. When it has
   * left, `confirm` reads the answer, before anybody else reads; if that fails, so does the stream.
   */
  openLazily (greeting: Uint8Array, confirm: (port: NegotiationPort) => Promise<void>): void {
    this.#handshake = Promise.withResolvers()
    this.#writer.setPrefix(greeting, () => { this.#confirming = this.#confirm(confirm) })
  }

  /**
   * Ends our direction after all that was written, and `last`. The signal ends the waiting only. Does
   * nothing the second time.
   *
   * @throws what ended the stream before our end had left, or the signal's reason
   */
  async closeWrite (signal?: AbortSignal, last?: Uint8Array): Promise<void> {
    await this.#writer.end(signal, last)
  }

  /** Throws away what is unread and what still comes; who reads all the same is told so. */
  discard (): void {
    this.#isDiscarding = true

    if (this.#handshake == null) {
      this.#reader.discard()
    } else {
      // the answer of the peer is wanted all the same: it says whether what we write is welcome
      this.#handshake.resolve()
    }
  }

  /** Ends both directions at once; the peer's reads and writes fail. */
  abort (error: Error): void {
    if (this.#isClosed) {
      return
    }

    this.#writer.fail(error)
    this.#reader.fail(error, { keepUnread: false })

    try {
      this.#original.abort(error)
    } finally {
      this.#finish()
    }
  }

  /** The connection is about to end: writes nothing new, and resolves when what was written has left. */
  async drain (signal: AbortSignal): Promise<void> {
    await this.#writer.drain(this.#lossError(), signal)
  }

  /** The connection beneath has ended, whatever the raw stream says of it. */
  lose (): void {
    if (!this.#isClosed) {
      this.#endWith(this.#lossError())
    }
  }

  /** Gives the raw stream to somebody else, with what nobody has read put back into it. */
  release (): MessageStream {
    const unread: Uint8Array[] = []

    this.#listen('removeEventListener')
    this.#reader.flush()

    for (let chunk = this.#reader.take(); chunk != null; chunk = this.#reader.take()) {
      unread.unshift(chunk)
    }

    for (const chunk of unread) {
      this.raw.unshift(chunk)
    }

    return Object.assign(this.raw, this.#original)
  }

  /** Never rejects. */
  async #confirm (confirm: (port: NegotiationPort) => Promise<void>): Promise<void> {
    const handshake = this.#handshake

    try {
      await confirm(this.#reader.negotiationPort((bytes) => { this.sendNow(bytes) }))
    } catch (thrown) {
      this.abort(toError(thrown))
    }

    this.#handshake = undefined
    handshake?.resolve()

    if (this.#isDiscarding) {
      this.#reader.discard()
    }

    this.#checkClosed()
    this.#onChangeListener?.()
  }

  /** The raw stream may have ended before it came to us. */
  #catchUp (): void {
    const { status } = this.raw

    if ('remoteWriteStatus' in this.raw && this.raw.remoteWriteStatus === 'closed' && status === 'open') {
      this.#onRemoteEnd()
    } else if (status !== 'open') {
      // one turn later, as what it still holds comes to a new listener then
      queueMicrotask(() => {
        this.#endWith(status === 'reset' ? new CodedError('StreamReset', 'the peer reset the stream before it was taken up') : this.#lossError())
      })
    }
  }

  readonly #onMessage = (event: StreamMessageEvent): void => {
    this.#reader.push(event.data instanceof Uint8Array ? event.data : event.data.subarray())
    this.#onChangeListener?.()
  }

  readonly #onRoom = (): void => {
    this.#writer.wake()
    this.#onRoomListener?.()
  }

  readonly #onRemoteEnd = (): void => {
    // one turn later, as bytes that came in the same frame as the end may be told of after it
    queueMicrotask(() => {
      this.#reader.end()
      this.#checkClosed()
      this.#onChangeListener?.()
    })
  }

  readonly #onClose = (event: StreamCloseEvent): void => {
    this.#reader.flush()

    // one turn later, for the same reason as the end
    queueMicrotask(() => {
      if (event.error == null) {
        void this.#onQuietClose()
      } else {
        this.#endWith(this.#explain(event.error, event.local === true))
      }
    })
  }

  /** Both directions have ended, or the transport went away under them. Never rejects. */
  async #onQuietClose (): Promise<void> {
    // the end that we were about to send is what may have closed it
    await this.#writer.flushing

    if (!this.#reader.remoteEnded || !this.#writer.hasEnded) {
      this.#fail(this.#lossError())
    }

    // a lazily opened stream is not over before it is known whether the peer has agreed
    await this.#confirming
    this.#finish()
  }

  #endWith (error: Error): void {
    this.#reader.flush()
    this.#fail(error)
    this.#finish()
  }

  /** A direction that has ended stays whole, and what had arrived can be read. */
  #fail (error: Error): void {
    if (!this.#writer.hasEnded) {
      this.#writer.fail(error)
    }

    if (!this.#reader.remoteEnded) {
      this.#reader.fail(error, { keepUnread: true })
    }
  }

  #explain (thrown: unknown, local: boolean): Error {
    return explainFailure(thrown, { local, isConnected: this.#isConnected(), lossError: this.#lossError })
  }

  #checkClosed (): void {
    if (this.#writer.hasEnded && this.#reader.remoteEnded && this.#handshake == null) {
      this.#finish()
    }
  }

  #finish (): void {
    if (!this.#isClosed) {
      this.#isClosed = true

      // a question that was never sent gets no answer
      if (this.#confirming == null) {
        this.#handshake?.resolve()
        this.#handshake = undefined
      }

      this.#reader.finish()
      this.#writer.wake()
      this.#settleClosed(this.error)
      this.#onChangeListener?.()
    }
  }

  #listen (method: 'addEventListener' | 'removeEventListener'): void {
    this.raw[method]('message', this.#onMessage)
    this.raw[method]('remoteCloseWrite', this.#onRemoteEnd)
    this.raw[method]('close', this.#onClose)
    this.raw[method]('drain', this.#onRoom)
    this.raw[method]('idle', this.#onRoom)
  }
}
