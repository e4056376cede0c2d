import { StreamAbortEvent, StreamBufferError, StreamCloseEvent, StreamMessageEvent, StreamResetEvent, StreamStateError } from '@libp2p/interface'
import { TypedEventEmitter } from 'main-event'
import { CodedError, raceSignal } from '../base/index.ts'
import { MessageReader } from './message-reader.ts'
import { ReadSide } from './read-side.ts'
import type { ReadEnd } from './message-reader.ts'
import type { MessageSink } from './message-sink.ts'
import type { ReadSideHost } from './read-side.ts'
import type { Clock } from '../base/index.ts'
import type { AbortOptions, Logger, MessageStream, MessageStreamDirection, MessageStreamEvents, MessageStreamReadStatus, MessageStreamStatus, MessageStreamTimeline, MessageStreamWriteStatus } from '@libp2p/interface'
import type { EventHandler } from 'main-event'
import type { Uint8ArrayList } from 'uint8arraylist'

const GRACEFUL: ReadEnd = Object.freeze({})
const NO_SINKS: readonly MessageSink[] = []

export interface MessageStreamInit {
  direction: MessageStreamDirection
  maxReadBufferLength: number
  maxWriteBufferLength?: number | undefined
  /** Of milliseconds since the Unix epoch. */
  clock: Pick<Clock, 'now'>
}

/**
 * The part of libp2p's MessageStream that is the same whatever carries it: events, pausing, iteration
 * and the two ends. Who extends it hands in what arrives, and says how bytes leave.
 *
 * Bytes are delivered when there is a listener or an iterator that asks, and nobody has paused;
 * `onConsumed` tells of each delivery, and only then may more be asked of the peer. The peer's end is
 * told after its bytes; yamux 2.10. A failure leaves what had arrived to be read, unless it was ours;
 * yamux 2.9.
 */
export abstract class MessageStreamBase extends TypedEventEmitter<MessageStreamEvents> implements MessageStream, ReadSideHost {
  readonly direction: MessageStreamDirection
  readonly timeline: MessageStreamTimeline
  maxReadBufferLength: number
  declare maxWriteBufferLength?: number
  status: MessageStreamStatus = 'open'
  readStatus: MessageStreamReadStatus = 'readable'
  writeStatus: MessageStreamWriteStatus = 'writable'
  remoteReadStatus: MessageStreamReadStatus = 'readable'
  remoteWriteStatus: MessageStreamWriteStatus = 'writable'
  writableNeedsDrain = false

  abstract readonly log: Logger
  abstract inactivityTimeout: number
  abstract readonly writeBufferLength: number

  readonly #clock: Pick<Clock, 'now'>
  readonly #reading: ReadSide
  /** Nearly always the only one, and so no array: with one, a fifth fewer streams are opened in a second. */
  #sink: MessageSink | undefined
  /** Behind it. Replaced, never changed: whoever is told may come and go meanwhile. */
  #others = NO_SINKS
  /** Sinks that take messages. */
  #takers = 0
  #error: Error | undefined
  #isDiscarding = false
  #hasToldRemoteEnd = false
  #hasToldEnd = false
  #room: PromiseWithResolvers<void> | undefined

  constructor ({ direction, maxReadBufferLength, maxWriteBufferLength, clock }: MessageStreamInit) {
    super()
    this.#reading = new ReadSide(this)
    this.direction = direction
    this.maxReadBufferLength = maxReadBufferLength
    this.#clock = clock
    this.timeline = { open: Math.floor(clock.now()) }

    if (maxWriteBufferLength != null) {
      this.maxWriteBufferLength = maxWriteBufferLength
    }
  }

  abstract send (data: Uint8Array | Uint8ArrayList): boolean
  abstract close (options?: AbortOptions): Promise<void>
  abstract abort (error: Error): void

  /** @internal */
  abstract onConsumed (bytes: number): void

  get readBufferLength (): number {
    return this.#reading.byteLength
  }

  get readableEnded (): boolean {
    return this.#hasToldEnd
  }

  /** Who is told without events, behind all listeners. */
  addSink (sink: MessageSink): void {
    if (this.#sink == null) {
      this.#sink = sink
    } else {
      this.#others = this.#others.concat(sink)
    }

    this.#takers += sink.onMessage == null ? 0 : 1

    if (this.#reading.byteLength > 0) {
      this.#reading.deliverSoon() // as for a listener
    }
  }

  removeSink (sink: MessageSink): void {
    const isThere = this.#sink === sink || this.#others.includes(sink)

    if (!isThere) {
      return
    }

    this.#takers -= sink.onMessage == null ? 0 : 1

    if (this.#sink === sink) {
      this.#sink = this.#others[0]
      this.#others = this.#others.length > 1 ? this.#others.slice(1) : NO_SINKS
    } else {
      this.#others = this.#others.filter((other) => other !== sink)
    }
  }

  /** As `send`, of memory that nobody else uses: it may be freed when it has left. */
  sendAway (data: Uint8Array | Uint8ArrayList): boolean {
    return this.send(data)
  }

  /** Lets what is sent in the rest of this turn leave together, where that spares something. */
  gather (): void {}

  /**
   * Whether what this stream tells is memory of nobody else, so that its only taker may do with it what it likes, and free it
   * before its time.
   */
  get givesMemoryAway (): boolean {
    return false
  }

  /** Whether `close` waits until the peer has read everything. */
  get awaitsReceipt (): boolean {
    return false
  }

  /** Who is told what arrives. */
  protected get takerCount (): number {
    return this.listenerCount('message') + this.#reading.readerCount + this.#takers
  }

  /** @internal */
  get hasTaker (): boolean {
    return this.#takers > 0 || this.listenerCount('message') > 0
  }

  /** @internal */
  get readEnd (): ReadEnd | undefined {
    if (this.remoteWriteStatus === 'closed' && this.status !== 'aborted') {
      return GRACEFUL
    }

    if (this.#error != null) {
      return { error: this.#error }
    }

    return this.#isDiscarding ? GRACEFUL : undefined
  }

  /** Does nothing when the stream can no longer be read. */
  pause (): void {
    if (this.readStatus === 'readable') {
      this.readStatus = 'paused'
    }
  }

  /** Does nothing when the stream is not paused. */
  resume (): void {
    if (this.readStatus === 'paused') {
      this.readStatus = 'readable'
      this.#reading.deliver()
    }
  }

  /** @throws StreamStateError after `abort` and `closeRead` */
  push (bytes: Uint8Array | Uint8ArrayList): void {
    this.#takeBack(bytes, 'back')
  }

  /** @throws StreamStateError after `abort` and `closeRead` */
  unshift (bytes: Uint8Array | Uint8ArrayList): void {
    this.#takeBack(bytes, 'front')
  }

  /** Throws away what is unread and what still comes; yamux 2.11. */
  async closeRead (options?: AbortOptions): Promise<void> {
    options?.signal?.throwIfAborted()

    if (!this.#isDiscarding) {
      this.#discard()
      this.sendCloseRead()
    }
  }

  /** Resolves when more can be written, every time it is asked for. */
  async onDrain (options?: AbortOptions): Promise<void> {
    options?.signal?.throwIfAborted()

    if (this.writableNeedsDrain) {
      this.#room ??= Promise.withResolvers()
      await raceSignal(this.#room.promise, options?.signal)
    }
  }

  [Symbol.asyncIterator] (): MessageReader {
    return new MessageReader(this.#reading)
  }

  override addEventListener<K extends keyof MessageStreamEvents> (type: K, listener: EventHandler<MessageStreamEvents[K]> | null, options?: boolean | AddEventListenerOptions): void {
    super.addEventListener(type, listener, options)

    if (type === 'message' && this.#reading.byteLength > 0) {
      // not now: listeners are often added before the rest of their object is ready
      this.#reading.deliverSoon()
    }
  }

  /** @internal */
  tellMessage (bytes: Uint8ArrayList): void {
    // metrics count messages by a `dispatchEvent` of their own
    if (this.listenerCount('message') > 0 || Object.hasOwn(this, 'dispatchEvent')) {
      this.dispatchEvent(new StreamMessageEvent(bytes))
    }

    this.#eachSink((sink) => { sink.onMessage?.(bytes) })
  }

  /** @internal */
  onReadEnd (): void {
    if (this.status !== 'open') {
      this.readStatus = 'closed'
    }

    this.#tellRemoteEnd()

    if (!this.#hasToldEnd) {
      this.#hasToldEnd = true
      this.#tell('end', 'onReadEnd')
    }
  }

  /** Tells the peer that nothing more will be read, where that is possible. */
  protected sendCloseRead (): void {}

  /** Bytes of the peer have arrived; `deliver` follows. */
  protected receive (bytes: Uint8Array): void {
    if (this.#isDiscarding) {
      this.onConsumed(bytes.byteLength)
    } else {
      this.#reading.receive(bytes)
    }
  }

  /** Gives what has arrived to whoever wants it, and tells of the end behind it. */
  protected deliver (): void {
    this.#reading.deliver()
  }

  /** What nobody wanted stays here for longer. */
  protected keepUnread (): void {
    this.#reading.keep()

    if (this.#reading.byteLength > this.maxReadBufferLength) {
      this.abort(new StreamBufferError(`at most ${this.maxReadBufferLength} bytes may be unread, there are ${this.#reading.byteLength}`))
    }
  }

  /** The peer has ended its direction. */
  protected endRemote (): void {
    if (this.remoteWriteStatus === 'writable') {
      this.remoteWriteStatus = 'closed'
      this.#reading.deliver()
    }
  }

  /** What was kept back has left, and there is room again. */
  protected tellRoom (): void {
    this.writableNeedsDrain = false
    this.#room?.resolve()
    this.#room = undefined
    this.#tell('drain', 'onDrain')
  }

  /** As `tellIdle`, of the end: no event of libp2p is for that. */
  protected tellEndSent (): void {
    this.#eachSink((sink) => { sink.onIdle?.() })
  }

  protected tellIdle (): void {
    this.#tell('idle', 'onIdle')
  }

  /** Both directions have ended. */
  protected finish (): void {
    this.status = 'closed'
    this.#settle(() => new CodedError('StreamClosed', 'the stream is closed for writing'))
    this.#tellClose(undefined, true)
  }

  /** Ends both directions before their time. */
  protected fail (error: Error, { isLocal }: { isLocal: boolean }): void {
    this.status = isLocal ? 'aborted' : 'reset'
    this.#error = error

    if (this.remoteWriteStatus === 'writable') {
      this.remoteWriteStatus = 'closing' // for ever: 'closed' would read as the peer's end
    }

    if (isLocal) {
      this.#discard()
    }

    this.#settle(() => error)
    this.#tellClose(error, isLocal)
  }

  #takeBack (bytes: Uint8Array | Uint8ArrayList, where: 'front' | 'back'): void {
    if (this.#isDiscarding) {
      throw new StreamStateError(`cannot put bytes back: the stream is ${this.status} and its readable end ${this.readStatus}`)
    }

    if (bytes.byteLength > 0) {
      this.#reading.takeBack(bytes, where)
      this.keepUnread()
    }
  }

  #discard (): void {
    this.#isDiscarding = true
    this.readStatus = 'closed'
    this.#reading.drop()
  }

  /** Everything that ends with the stream, except the event that says so. */
  #settle (reason: () => Error): void {
    this.timeline.close = Math.floor(this.#clock.now())
    this.writeStatus = 'closed'
    this.remoteReadStatus = 'closed'
    this.writableNeedsDrain = false
    this.#room?.reject(reason())
    this.#room = undefined
    this.#tellRemoteEnd()
    this.#reading.tellEnd()
  }

  #tellClose (error: Error | undefined, isLocal: boolean): void {
    if (this.listenerCount('close') > 0) {
      this.dispatchEvent(closeEvent(error, isLocal))
    }

    this.#eachSink((sink) => { sink.onClose?.(error, isLocal) })
  }

  #tellRemoteEnd (): void {
    if (this.remoteWriteStatus === 'closed' && !this.#hasToldRemoteEnd) {
      this.#hasToldRemoteEnd = true
      this.#tell('remoteCloseWrite', 'onRemoteEnd')
    }
  }

  /** Those that were there when it began. */
  #eachSink (tell: (sink: MessageSink) => void): void {
    const others = this.#others

    if (this.#sink != null) {
      tell(this.#sink)
    }

    for (const sink of others) {
      tell(sink)
    }
  }

  #tell (type: 'drain' | 'idle' | 'remoteCloseWrite' | 'end', method: 'onDrain' | 'onIdle' | 'onRemoteEnd' | 'onReadEnd'): void {
    if (this.listenerCount(type) > 0) {
      this.dispatchEvent(new Event(type))
    }

    this.#eachSink((sink) => { sink[method]?.() })
  }
}

function closeEvent (error: Error | undefined, isLocal: boolean): StreamCloseEvent {
  if (error == null) {
    return new StreamCloseEvent()
  }

  return isLocal ? new StreamAbortEvent(error) : new StreamResetEvent(error)
}
