import { CodedError, raceSignal, toError } from '../../base/index.ts'
import { PortReader } from './port-reader.ts'
import { PortWriter } from './port-writer.ts'
import { toStreamError } from './stream-error.ts'
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
}

/**
 * The one reader and writer of a stream of messages, which a muxer, an encrypter or a transport made.
 * It turns events into waiting reads and writes, and keeps memory bounded.
 *
 * Make it in the very tick in which the raw stream appears, as that tells of its end only once. Only
 * the peer's own end of writing (`remoteCloseWrite`) is an end here; a raw stream that closes without
 * one, as all streams of a dead connection do, is an error.
 */
export class StreamPort {
  readonly raw: MessageStream
  /** Resolves when both directions have ended, with the error if one ended them. */
  readonly closed: Promise<Error | undefined>

  readonly #reader: PortReader
  readonly #writer: PortWriter
  readonly #lossError: () => Error
  readonly #settleClosed: (error: Error | undefined) => void
  #isClosed = false
  #isDiscarding = false
  #handshake: Promise<void> | undefined
  #onRoomListener: (() => void) | undefined
  #onChangeListener: (() => void) | undefined

  constructor (raw: MessageStream, init: StreamPortInit) {
    const { promise, resolve } = Promise.withResolvers<Error | undefined>()

    this.raw = raw
    this.closed = promise
    this.#settleClosed = resolve
    this.#reader = new PortReader(raw, init)
    this.#writer = new PortWriter(raw, init.onWrite)
    this.#lossError = init.lossError ?? (() => new CodedError('ConnectionLost', 'the connection was lost before the stream had ended'))

    raw.maxReadBufferLength = Math.max(raw.maxReadBufferLength, RAW_READ_BUFFER_BYTES)
    raw.addEventListener('message', this.#onMessage)
    raw.addEventListener('remoteCloseWrite', this.#onRemoteEnd)
    raw.addEventListener('close', this.#onClose)
    raw.addEventListener('drain', this.#onRoom)
    raw.addEventListener('idle', this.#onRoom)
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
      await raceSignal(this.#handshake, signal)
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

  /** Sends a few bytes without waiting for room; for negotiation only. */
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
    this.#writer.setPrefix(greeting, () => {
      this.#handshake = this.#confirm(confirm)
    })
  }

  /** Ends our direction after all that was written. Does nothing the second time. */
  async closeWrite (signal?: AbortSignal): Promise<void> {
    await this.#writer.end(signal)
    this.#checkClosed()
  }

  /** Throws away what is unread and what still comes; who reads all the same is told so. */
  discard (): void {
    this.#isDiscarding = true
    this.#reader.discard()
  }

  /** Ends both directions at once; the peer's reads and writes fail. */
  abort (error: Error): void {
    if (!this.#isClosed) {
      this.#fail(error, { isRemote: false })
      this.raw.abort(error)
      this.#finish()
    }
  }

  /** Gives the raw stream to somebody else, with what nobody has read put back into it. */
  release (): MessageStream {
    const unread: Uint8Array[] = []

    this.#detach()
    this.#reader.flush()

    for (let chunk = this.#reader.take(); chunk != null; chunk = this.#reader.take()) {
      unread.unshift(chunk)
    }

    for (const chunk of unread) {
      this.raw.unshift(chunk)
    }

    return this.raw
  }

  async #confirm (confirm: (port: NegotiationPort) => Promise<void>): Promise<void> {
    try {
      await confirm(this.#reader.negotiationPort((bytes) => { this.sendNow(bytes) }))
    } catch (thrown) {
      // who closes without reading does not care for the answer, and what was written may be welcome
      if (!this.#isDiscarding) {
        this.abort(toError(thrown))
      }
    } finally {
      this.#handshake = undefined
      this.#onChangeListener?.()
    }
  }

  /** The raw stream may have ended before it came to us. */
  #catchUp (): void {
    if ('remoteWriteStatus' in this.raw && this.raw.remoteWriteStatus === 'closed' && this.raw.status === 'open') {
      this.#onRemoteEnd()
    } else if (this.raw.status === 'aborted' || this.raw.status === 'reset') {
      this.#fail(toStreamError(new Error('before it was taken up'), this.raw.status === 'aborted'), { isRemote: false })
      this.#finish()
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

    if (event.error != null) {
      this.#fail(toStreamError(event.error, event.local === true), { isRemote: event.local !== true })
      this.#finish()
      return
    }

    // one turn later, for the same reason as the end
    queueMicrotask(() => {
      this.#checkLost()
      this.#finish()
    })
  }

  #fail (error: Error, { isRemote }: { isRemote: boolean }): void {
    this.#writer.fail(error)

    // a peer that resets after its end only refuses what we send: what it sent is whole
    if (!isRemote || !this.#reader.remoteEnded) {
      this.#reader.fail(error, { keepUnread: false })
    }
  }

  /** If the transport went away under a direction, that fails, after what had arrived was read. */
  #checkLost (): void {
    if (this.#reader.remoteEnded && this.#writer.ended) {
      return
    }

    const error = this.#lossError()

    if (!this.#reader.remoteEnded) {
      this.#reader.fail(error, { keepUnread: true })
    }

    if (!this.#writer.ended) {
      this.#writer.fail(error)
    }
  }

  #checkClosed (): void {
    if (this.#writer.ended && this.#reader.remoteEnded) {
      this.#finish()
    }
  }

  #finish (): void {
    if (!this.#isClosed) {
      this.#isClosed = true
      this.#reader.finish()
      this.#writer.wake()
      this.#settleClosed(this.error)
      this.#onChangeListener?.()
    }
  }

  #detach (): void {
    this.raw.removeEventListener('message', this.#onMessage)
    this.raw.removeEventListener('remoteCloseWrite', this.#onRemoteEnd)
    this.raw.removeEventListener('close', this.#onClose)
    this.raw.removeEventListener('drain', this.#onRoom)
    this.raw.removeEventListener('idle', this.#onRoom)
  }
}
