import { CodedError } from '../../base/index.ts'
import { Handshake } from './handshake.ts'
import { PortReader } from './port-reader.ts'
import { PortWriter } from './port-writer.ts'
import { RawHold } from './raw-hold.ts'
import { explainFailure } from './stream-error.ts'
import type { HandshakeOwner, PortNegotiation } from './handshake.ts'
import type { StreamPortInit } from './port-init.ts'
import type { PortWriterOwner } from './port-writer.ts'
import type { RawOwner } from './raw-hold.ts'
import type { MessageStream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/**
 * The one reader and writer of a stream of messages, which a muxer, an encrypter or a transport made.
 * It turns events into waiting reads and writes, and keeps memory bounded.
 *
 * Make it as soon as the raw stream appears. Only the peer's own end of writing (`remoteCloseWrite`)
 * is an end here; a raw stream that closes without one, as all streams of a dead connection do, is an
 * error. What had arrived by then is read first, unless it was we who aborted.
 */
export class StreamPort implements RawOwner, PortWriterOwner, HandshakeOwner {
  readonly raw: MessageStream
  readonly #reader: PortReader
  readonly #writer: PortWriter
  readonly #init: StreamPortInit
  readonly #hold: RawHold
  /** Made when somebody asks. */
  #closed: PromiseWithResolvers<Error | undefined> | undefined
  #closedWith: Error | undefined
  #isClosed = false
  /** Whether the raw stream has closed without an error. */
  #hasQuietlyClosed = false
  /** Until the peer has answered; nobody else may read. */
  #handshake: Handshake | undefined
  #onRoomListener: (() => void) | undefined
  #onChangeListener: (() => void) | undefined

  constructor (raw: MessageStream, init: StreamPortInit) {
    this.raw = raw
    this.#init = init
    this.#reader = new PortReader(raw, init)
    this.#writer = new PortWriter(raw, this)
    this.#hold = new RawHold(raw, this)
    this.#hold.catchUp()
  }

  /** Resolves when both directions have ended, with the error if one ended them. */
  get closed (): Promise<Error | undefined> {
    if (this.#closed == null) {
      this.#closed = Promise.withResolvers()

      if (this.#isClosed) {
        this.#closed.resolve(this.#closedWith)
      }
    }

    return this.#closed.promise
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

    return this.#reader.read(signal)
  }

  /** Fails the read that waits, if there is one. */
  interruptRead (error: Error): void {
    this.#reader.interrupt(error)
  }

  /** The next chunk if one may be read now; for who is told by `whenChanged` when to look. */
  take (): Uint8Array | undefined {
    return this.#handshake == null ? this.#reader.take() : undefined
  }

  /** Sends what `openLazily` holds back for the first bytes. */
  flush (): void {
    this.#writer.flushPrefix()
  }

  /** Calls `fn` whenever there may be something to take, or a direction may have ended. */
  whenChanged (fn: () => void): void {
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

  /**
   * As `write`, if that need not wait; else false, and nothing has happened.
   *
   * @throws as `write`
   */
  tryWrite (bytes: Uint8Array): boolean {
    return this.#writer.tryWrite(bytes)
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
  whenRoom (fn: () => void): void {
    this.#onRoomListener = fn
  }

  /**
   * Puts `greeting` in front of the first bytes written, or sends it with the first read. When it has
   * left, `negotiation` takes the answer.
   */
  openLazily (greeting: Uint8Array, negotiation: PortNegotiation): void {
    const handshake = this.#prepare(negotiation)

    this.#writer.setPrefix(greeting, () => { handshake.begin() })
  }

  /** Negotiates with what is here and what still comes. */
  negotiate (negotiation: PortNegotiation): void {
    this.#prepare(negotiation).begin()
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
    this.#reader.discard()
  }

  /** Ends both directions at once; the peer's reads and writes fail. */
  abort (error: Error): void {
    if (this.#isClosed) {
      return
    }

    this.#writer.fail(error)
    this.#reader.fail(error, { keepUnread: false })

    try {
      this.#hold.abort(error)
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
    this.#hold.leave()
    this.#reader.giveBack()

    return this.#hold.release()
  }

  /** The raw stream tells us this and what follows; nobody else calls it. */
  onMessage (bytes: Uint8Array | Uint8ArrayList): void {
    this.#reader.pushAll(bytes)
    this.#onChangeListener?.()
  }

  onAbort (): void {
    this.#reader.flush()
  }

  onDrain (): void {
    this.#writer.wake()
    this.#onRoomListener?.()
  }

  onIdle (): void {
    this.onDrain()
  }

  /** The peer's end says all that we want to know. */
  onReadEnd (): void {}

  onRemoteEnd (): void {
    // one turn later, as bytes that came in the same frame as the end may be told of after it
    queueMicrotask(() => {
      this.#reader.end()
      this.#checkClosed()
      this.#onChangeListener?.()
    })
  }

  onClose (error: Error | undefined, isLocal: boolean): void {
    this.#reader.flush()

    // one turn later, for the same reason as the end
    queueMicrotask(() => {
      if (error == null) {
        this.#onQuietClose()
      } else {
        this.#endWith(this.explain(error, isLocal))
      }
    })
  }

  /** The writer tells us, and asks. */
  onWrite (bytes: number): void {
    this.#init.onWrite?.(bytes)
  }

  onFlushed (): void {
    this.#checkClosed()

    if (this.#hasQuietlyClosed && !this.#isClosed) {
      queueMicrotask(() => { this.#onQuietClose() })
    }
  }

  explain (thrown: unknown, local = true): Error {
    return explainFailure(thrown, { local, isConnected: this.#init.isConnected?.() ?? true, lossError: () => this.#lossError() })
  }

  /** The handshake tells us. */
  onHandshakeEnd (error?: Error): void {
    // if reading has failed, then the stream is ending already, and whoever ends it goes on with that
    if (error != null && this.#reader.error == null) {
      this.abort(error)
    }

    this.#handshake = undefined
    this.#reader.release()
    this.#checkClosed()
    this.#onChangeListener?.()
  }

  #prepare (negotiation: PortNegotiation): Handshake {
    const handshake = new Handshake(this.#reader, negotiation, this)

    this.#handshake = handshake
    this.#reader.hold(() => { handshake.advance() })

    return handshake
  }

  /** Both directions have ended, or the transport went away under them. */
  #onQuietClose (): void {
    this.#hasQuietlyClosed = true

    // the end that we were about to send is what may have closed it
    if (this.#writer.isFlushing) {
      return
    }

    if (!this.#reader.remoteEnded || !this.#writer.hasEnded) {
      this.#fail(this.#lossError())
    }

    this.#checkClosed()
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

  #lossError (): Error {
    return this.#init.lossError?.() ?? new CodedError('ConnectionLost', 'the connection was lost before the stream had ended')
  }

  #checkClosed (): void {
    const haveEnded = this.#hasQuietlyClosed ? !this.#writer.isFlushing : this.#writer.hasEnded && this.#reader.remoteEnded

    // a lazily opened stream is not over before it is known whether the peer has agreed
    if (haveEnded && this.#handshake?.hasBegun !== true) {
      this.#finish()
    }
  }

  #finish (): void {
    if (this.#isClosed) {
      return
    }

    this.#isClosed = true
    this.#closedWith = this.error

    // a question that was never sent gets no answer
    if (this.#handshake?.hasBegun === false) {
      this.onHandshakeEnd()
    }

    this.#reader.finish()
    this.#writer.wake()
    queueMicrotask(() => {
      this.#init.onClosed?.()
      this.#closed?.resolve(this.#closedWith)
    })
    this.#onChangeListener?.()
  }
}
