import { StreamAbortEvent, StreamBufferError, StreamCloseEvent, StreamMessageEvent, StreamResetEvent, StreamStateError } from '@libp2p/interface'
import { TypedEventEmitter } from 'main-event'
import { Uint8ArrayList } from 'uint8arraylist'
import { CodedError, isCoded, toError } from '../../base/index.ts'
import { drained } from './drained.ts'
import { FinalEvents } from './final-events.ts'
import { Inactivity } from './inactivity.ts'
import { StreamReaders } from './stream-readers.ts'
import type { Clock } from '../../base/index.ts'
import type { StreamPort, SwarmStream } from '../stream/index.ts'
import type { AbortOptions, EventHandler, Logger, MessageStreamDirection, MessageStreamEvents, MessageStreamReadStatus, MessageStreamStatus, MessageStreamTimeline, MessageStreamWriteStatus, Stream } from '@libp2p/interface'

/** What a plugin that heeds no back-pressure may have unsent on one stream before it is aborted. */
export const MAX_UNSENT_BYTES = 64 * 1024 * 1024

/** What js-libp2p's streams say; ours hold back their peer instead of failing at it. */
const MAX_READ_BUFFER_BYTES = 4 * 1024 * 1024

/**
 * A stream of ours as js-libp2p's plugins know streams: it pushes messages to listeners.
 *
 * Messages flow while somebody listens, or asks for the next in an async iteration, and the stream is
 * not paused. Otherwise bytes stay in the port beneath, which is bounded and holds back the peer.
 * Listeners that come late miss nothing: neither bytes, nor the end, nor the close. The close by an
 * error is told at once, any other one after the last byte.
 */
export class PluginStream extends TypedEventEmitter<MessageStreamEvents> implements Stream {
  readonly original: SwarmStream
  readonly timeline: MessageStreamTimeline
  log: Logger
  /** Of no effect here: a paused stream holds back its peer and never fails. */
  maxReadBufferLength = MAX_READ_BUFFER_BYTES
  /** Unsent bytes at which the stream is aborted. @default MAX_UNSENT_BYTES */
  declare maxWriteBufferLength?: number

  readonly #clock: Clock
  readonly #port: StreamPort
  readonly #readers = new StreamReaders({ onChange: () => { this.#schedule() } })
  readonly #finals = new FinalEvents(this)
  readonly #inactivity: Inactivity
  #isScheduled = false
  #isRunning = false
  #isPaused = false
  #isDiscarding = false
  #isAborted = false
  #isClosing = false
  #isWriteClosed = false
  #awaitsDrain = false
  #awaitsIdle = false

  constructor (original: SwarmStream, clock: Clock) {
    super()
    this.original = original
    this.timeline = { open: Math.round(original.openedAt) }
    this.log = original.port.raw.log
    this.#clock = clock
    this.#port = original.port
    this.#inactivity = new Inactivity({
      clock,
      activity: () => this.#port.bytesRead + this.#port.bytesWritten + this.#port.buffered,
      onInactive: (ms) => { this.abort(new CodedError('StreamIdle', `no byte went either way for ${ms} ms (inactivityTimeout)`)) }
    })
    this.#port.whenChanged(() => { this.#run() })
    this.#port.whenRoom(() => { this.#onRoom() })
    this.#schedule()
  }

  get id (): string {
    return this.original.id
  }

  get protocol (): string {
    return this.original.protocol
  }

  get direction (): MessageStreamDirection {
    return this.original.direction
  }

  get status (): MessageStreamStatus {
    if (!this.#port.isClosed) {
      return 'open'
    }

    const { error } = this.#port

    if (error == null) {
      return 'closed'
    }

    return !this.#isAborted && isRemoteDoing(error) ? 'reset' : 'aborted'
  }

  get readStatus (): MessageStreamReadStatus {
    if (this.#isReadDone) {
      return 'closed'
    }

    return this.#isPaused ? 'paused' : 'readable'
  }

  get writeStatus (): MessageStreamWriteStatus {
    if (this.#isWriteClosed || this.#port.isClosed || (this.#port.writeEnded && !this.#isClosing)) {
      return 'closed'
    }

    return this.#isClosing ? 'closing' : 'writable'
  }

  get remoteReadStatus (): MessageStreamReadStatus {
    return this.#port.isClosed ? 'closed' : (this.#port.raw as Partial<Stream>).remoteReadStatus ?? 'readable'
  }

  get remoteWriteStatus (): MessageStreamWriteStatus {
    return this.#port.remoteEnded || this.#port.readError != null || this.#port.isClosed ? 'closed' : 'writable'
  }

  get readableEnded (): boolean {
    return this.#finals.has('end')
  }

  get readBufferLength (): number {
    return this.#port.buffered + this.#port.raw.readBufferLength
  }

  get writeBufferLength (): number {
    return this.#port.raw.writeBufferLength
  }

  get writableNeedsDrain (): boolean {
    const isFull = this.writeStatus === 'writable' && !this.#port.hasRoom

    // whoever has seen this waits for the event
    this.#awaitsDrain ||= isFull

    return isFull
  }

  /** Milliseconds without a byte either way after which the stream is aborted; 0 and Infinity are never. */
  get inactivityTimeout (): number {
    return this.#inactivity.timeoutMs
  }

  set inactivityTimeout (timeoutMs: number) {
    if (!this.#port.isClosed) {
      this.#inactivity.timeoutMs = timeoutMs
    }
  }

  override addEventListener<K extends keyof MessageStreamEvents> (type: K, listener: EventHandler<MessageStreamEvents[K]> | null, options?: boolean | AddEventListenerOptions): void {
    super.addEventListener(type, listener, options)

    if (type === 'message' || this.#finals.add(type, listener as EventListener)) {
      this.#schedule()
    }
  }

  override removeEventListener<K extends keyof MessageStreamEvents> (type: K, listener?: EventHandler<MessageStreamEvents[K]> | null, options?: boolean | EventListenerOptions): void {
    super.removeEventListener(type, listener, options)
    this.#finals.remove(type, listener as EventListener)
  }

  /**
   * @throws StreamStateError when our direction has ended or the stream is over
   */
  send (data: Uint8Array | Uint8ArrayList): boolean {
    if (this.writeStatus !== 'writable') {
      throw new StreamStateError(`Cannot write to a stream that is ${this.writeStatus}`)
    }

    const unsentBefore = this.writeBufferLength

    try {
      this.#port.sendNow(data instanceof Uint8Array ? data : data.subarray())
    } catch (thrown) {
      throw Object.assign(new StreamStateError(`Cannot write to the stream: ${toError(thrown).message}`), { cause: thrown })
    }

    this.#awaitsIdle = this.writeBufferLength > 0
    this.#checkUnsent(unsentBefore)

    return !this.writableNeedsDrain
  }

  async onDrain (options: AbortOptions = {}): Promise<void> {
    const { error } = this.#port

    if (error != null) {
      throw error
    }

    if (this.writableNeedsDrain) {
      await drained(this, options)
    }
  }

  pause (): void {
    this.#isPaused = true
  }

  resume (): void {
    this.#isPaused = false
    this.#run()
  }

  push (data: Uint8Array | Uint8ArrayList): void {
    if (!this.#isDiscarding && this.#port.readError == null) {
      this.#port.append(data.subarray())
      this.#schedule()
    }
  }

  unshift (data: Uint8Array | Uint8ArrayList): void {
    if (!this.#isDiscarding && this.#port.readError == null) {
      this.#port.unread(data.subarray())
      this.#schedule()
    }
  }

  [Symbol.asyncIterator] (): AsyncGenerator<Uint8ArrayList, undefined, void> {
    return this.#readers.iterate()
  }

  /** Ends our direction when all that was sent has left. Does nothing the second time. */
  async close (options: AbortOptions = {}): Promise<void> {
    if (this.writeStatus !== 'writable') {
      return
    }

    this.#isClosing = true
    await this.#port.closeWrite(options.signal)
    this.#isWriteClosed = true
  }

  async closeRead (options: AbortOptions = {}): Promise<void> {
    options.signal?.throwIfAborted()
    this.#isDiscarding = true
    this.#port.discard()
    this.#run()
  }

  abort (error: Error): void {
    if (!this.#port.isClosed) {
      this.#isAborted = true
      this.#port.abort(error)
      this.#run()
    }
  }

  get #isReadDone (): boolean {
    return this.#isDiscarding || this.#port.readEnded || (this.#port.readError != null && this.readBufferLength === 0)
  }

  get #hasConsumer (): boolean {
    return this.#readers.size > 0 || this.listenerCount('message') > 0
  }

  /** One turn later, as who listens to one event is about to listen to the others. */
  #schedule (): void {
    if (this.#isScheduled) {
      return
    }

    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      this.#sendGreeting()
      this.#run()
    })
  }

  /** The question which protocol to speak goes with the first bytes, or alone when we want bytes first. */
  #sendGreeting (): void {
    if (!this.#hasConsumer) {
      return
    }

    try {
      this.#port.flush()
    } catch (thrown) {
      this.abort(toError(thrown))
    }
  }

  /** Hands on what there is and tells what happened. What a listener sets off in here is seen by the loop. */
  #run (): void {
    if (this.#isRunning) {
      return
    }

    this.#isRunning = true

    try {
      this.#dispatch()
      this.#settleReaders()
      this.#tellFinals()
    } finally {
      this.#isRunning = false
    }
  }

  #dispatch (): void {
    while (!this.#isPaused && this.#hasConsumer && this.#readers.allHungry) {
      const chunk = this.#port.take()

      if (chunk == null) {
        return
      }

      const message = new Uint8ArrayList(chunk)

      this.#readers.deliver(message)
      this.dispatchEvent(new StreamMessageEvent(message))
    }
  }

  #settleReaders (): void {
    if (!this.#isReadDone) {
      return
    }

    if (this.#isDiscarding || this.#port.readError == null) {
      this.#readers.end()
    } else {
      this.#readers.fail(this.#port.readError)
    }
  }

  #tellFinals (): void {
    const { error, isClosed, remoteEnded } = this.#port
    const isDelivered = !this.#hasConsumer || this.readBufferLength === 0

    if (remoteEnded && isDelivered) {
      this.#finals.tell('remoteCloseWrite')
    }

    if (this.#isReadDone) {
      this.#finals.tell('end')
    }

    if (isClosed && (isDelivered || error != null)) {
      this.timeline.close ??= Math.round(this.#clock.now())
      this.#inactivity[Symbol.dispose]()
      this.#finals.tell('close', () => toCloseEvent(this.status, error))
    }
  }

  #onRoom (): void {
    if (this.#awaitsIdle && this.writeBufferLength === 0) {
      this.#awaitsIdle = false
      this.dispatchEvent(new CustomEvent('idle'))
    }

    if (this.#awaitsDrain && this.#port.hasRoom) {
      this.#awaitsDrain = false
      this.dispatchEvent(new CustomEvent('drain'))
    }
  }

  #checkUnsent (unsentBefore: number): void {
    const unsent = this.writeBufferLength
    const max = this.maxWriteBufferLength ?? MAX_UNSENT_BYTES

    // one message of any size may go out, unless the plugin has set the bound by itself
    if (unsent > max && (unsentBefore > 0 || this.maxWriteBufferLength != null)) {
      this.abort(new StreamBufferError(`${unsent} bytes wait to be sent, more than ${max} (maxWriteBufferLength); wait for 'drain' when send() returns false`))
    }
  }
}

function isRemoteDoing (error: Error): boolean {
  return isCoded(error, 'StreamReset') || isCoded(error, 'ConnectionLost')
}

function toCloseEvent (status: MessageStreamStatus, error: Error | undefined): StreamCloseEvent {
  if (error == null) {
    return new StreamCloseEvent()
  }

  return status === 'reset' ? new StreamResetEvent(error) : new StreamAbortEvent(error)
}
