import { TypedEventEmitter } from 'main-event'
import { CodedError, KeepAlive, raceSignal, toError } from '../base/index.ts'
import { attachSink, Sink } from '../message-stream/index.ts'
import { GO_AWAY, MAX_UINT32, YAMUX_PROTOCOL } from './constants.ts'
import { goneError, YamuxClosedError } from './errors.ts'
import { FrameHandler } from './frame-handler.ts'
import { Inbox } from './inbox.ts'
import { Outbox } from './outbox.ts'
import { Pings } from './pings.ts'
import { StreamHost } from './stream-host.ts'
import { Streams } from './streams.ts'
import { isUint32 } from './uint32.ts'
import { WindowBudget } from './window.ts'
import type { YamuxSettings } from './options.ts'
import type { YamuxStream } from './stream.ts'
import type { AbortOptions, CreateStreamOptions, Logger, MessageStream, StreamMuxer, StreamMuxerEvents, StreamMuxerStatus, StreamOptions } from '@libp2p/interface'
import type { EventHandler } from 'main-event'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface YamuxEvents extends StreamMuxerEvents<YamuxStream> {
  /** The peer ends the connection, with this code; yamux 6.3. */
  goaway: CustomEvent<number>
}

export interface YamuxCloseOptions extends AbortOptions {
  /** What to tell the peer, a number of 32 bits; `GO_AWAY.normal` unless given. */
  reason?: number
}

/** Many streams over one connection; see `docs/yamux.md`. */
export class YamuxMuxer extends TypedEventEmitter<YamuxEvents> implements StreamMuxer<YamuxStream> {
  readonly protocol = YAMUX_PROTOCOL

  readonly #transport: MessageStream
  readonly #streams: Streams
  readonly #budget: WindowBudget
  readonly #outbox: Outbox
  readonly #inbox: Inbox
  readonly #pings: Pings
  readonly #keepAlive: KeepAlive
  readonly #log: Logger
  readonly #detach: () => void
  #phase: 'open' | 'closing' | 'closed' = 'open'
  /** Whether the transport is of no use any more, or of none to us. */
  #isOver = false
  #localGoAway: number | undefined
  #remoteGoAway: number | undefined
  #closing: Promise<void> | undefined
  /** Of a graceful close: nobody waits any more for our farewell to leave. */
  #endGoAway: (() => void) | undefined

  constructor (transport: MessageStream, settings: YamuxSettings) {
    super()

    const { clock, keepAliveIntervalMs, keepAliveTimeoutMs } = settings

    this.#transport = transport
    this.#log = transport.log.newScope('yamux')
    this.#budget = new WindowBudget(settings.maxConnectionWindowBytes)
    this.#outbox = new Outbox(transport, settings.maxMessageBytes)
    this.#pings = new Pings(clock, (value, options) => { this.#outbox.sendPing(value, options) })
    this.#streams = new Streams(this.#hostOf(settings), {
      direction: transport.direction,
      maxInbound: settings.maxInboundStreams,
      maxOutbound: settings.maxOutboundStreams,
      maxParked: settings.maxEarlyStreams,
      streamOptions: settings.streamOptions,
      hasTaker: () => this.listenerCount('stream') > 0,
      give: (stream) => { this.safeDispatchEvent('stream', { detail: stream }) }
    })
    this.#inbox = new Inbox(this.#handler)
    this.#keepAlive = new KeepAlive({
      clock,
      intervalMs: keepAliveIntervalMs,
      timeoutMs: keepAliveTimeoutMs,
      ping: () => { this.ping().catch(() => {}) }, // its answer counts as any other byte
      onLost: (silentMs) => { this.#breakOff(new CodedError('ConnectionLost', `nothing arrived for ${Math.round(silentMs)} ms, not even an answer to a ping`)) }
    })

    this.#detach = attachSink(transport, new Sink({
      onMessage: (bytes) => { this.#onMessage(bytes) },
      onDrain: () => { this.#outbox.onDrain() },
      onClose: (error) => { this.#end(this.#goneError(error)) }
    }))

    if (transport.status !== 'open') {
      queueMicrotask(() => { this.#end(this.#goneError(undefined)) })
    }
  }

  get status (): StreamMuxerStatus {
    return this.#phase === 'open' && this.#remoteGoAway != null ? 'closing' : this.#phase
  }

  get streams (): YamuxStream[] {
    return this.#streams.list
  }

  /** The last measured round trip in milliseconds, smoothed; undefined before the first. */
  get rtt (): number | undefined {
    return this.#pings.rtt
  }

  /** With which code the peer ended the connection, if it did; yamux 6.3. */
  get remoteGoAway (): number | undefined {
    return this.#remoteGoAway
  }

  /** The receive windows of all streams, in bytes: what unread data may come to. */
  get windowBytes (): number {
    return this.#budget.used
  }

  /**
   * Opens a stream. Waits while 256 streams are not acknowledged.
   *
   * @throws MuxerClosedError when the connection ends or is about to; TooManyOutboundProtocolStreamsError;
   * CodedError ResourceLimit when all stream IDs are used; the signal's reason
   */
  async createStream (options: CreateStreamOptions = {}): Promise<YamuxStream> {
    return this.#streams.open(options)
  }

  /**
   * Opens a stream at once; undefined where `createStream` would wait.
   *
   * @throws as `createStream`
   */
  openStream (options: StreamOptions = {}): YamuxStream | undefined {
    return this.#streams.openNow(options)
  }

  /**
   * Resolves with the milliseconds until the peer answers.
   *
   * @throws CodedError ResourceLimit when 16 wait already, what ended the connection, the signal's reason
   */
  async ping (signal?: AbortSignal): Promise<number> {
    return this.#pings.ping(signal)
  }

  /**
   * Ends the write side of all streams, tells the peer, and resolves when all that has left. The signal
   * ends the waiting, not the closing.
   *
   * @throws RangeError for a reason that is none; the signal's reason
   */
  async close ({ signal, reason = GO_AWAY.normal }: YamuxCloseOptions = {}): Promise<void> {
    if (!isUint32(reason)) {
      throw new RangeError(`the reason to close must be a whole number from 0 to ${MAX_UINT32}, received ${String(reason)}`)
    }

    if (this.#phase === 'closed') {
      return
    }

    this.#closing ??= this.#closeGracefully(reason)
    await raceSignal(this.#closing, signal)
  }

  /** Ends all streams now, tells the peer, and lets go of the transport, which is its owner's to close. */
  abort (error: Error): void {
    if (this.#isOver) {
      return
    }

    const code = 'goAwayCode' in error && isUint32(error.goAwayCode) ? error.goAwayCode : GO_AWAY.internalError
    const streams = this.#streams.list

    this.#isOver = true
    this.#streams.refuse() // who is told may want another one at once
    this.#localGoAway = code
    this.#outbox.finish(streams.filter(({ isUnannounced }) => !isUnannounced).map(({ streamId }) => streamId), code)

    for (const stream of streams) {
      stream.abort(error)
    }

    this.#letGo(error)
  }

  override addEventListener<K extends keyof YamuxEvents> (type: K, listener: EventHandler<YamuxEvents[K]> | null, options?: boolean | AddEventListenerOptions): void {
    super.addEventListener(type, listener, options)

    if (type === 'stream' && this.#streams.parked.length > 0) {
      // not now: listeners are often added before the rest of their object is ready
      queueMicrotask(() => { this.#streams.giveParked() })
    }
  }

  #hostOf ({ clock, maxStreamWindowBytes }: YamuxSettings): StreamHost {
    return new StreamHost({
      clock,
      maxStreamWindowBytes,
      outbox: this.#outbox,
      budget: this.#budget,
      pings: this.#pings,
      log: this.#log,
      onAcknowledged: () => { this.#streams.acknowledge() },
      onEnded: (streamId, resetCode) => { this.#onStreamEnded(streamId, resetCode) }
    })
  }

  get #handler (): FrameHandler {
    return new FrameHandler({
      streams: this.#streams,
      outbox: this.#outbox,
      pings: this.#pings,
      isOver: () => this.#isOver,
      onGoAway: (code) => { this.#onGoAway(code) }
    })
  }

  #onMessage (bytes: Uint8Array | Uint8ArrayList): void {
    this.#keepAlive.touch()

    try {
      if (this.#inbox.isReading) {
        this.#inbox.read(bytes)
      } else {
        this.#outbox.cork(() => { this.#inbox.read(bytes) })
      }
    } catch (thrown) {
      this.#breakOff(toError(thrown))
    }
  }

  /** Yamux 6.4. */
  #goneError (cause: Error | undefined): Error {
    return goneError(this.#remoteGoAway ?? this.#localGoAway, cause)
  }

  #onGoAway (code: number): void {
    this.#remoteGoAway = code
    this.#streams.shut()

    if (code !== GO_AWAY.normal) {
      this.#end(new YamuxClosedError(`the peer ended the connection with code ${code}`, code))
    }

    this.safeDispatchEvent('goaway', { detail: code })
  }

  #onStreamEnded (streamId: number, resetCode: number | undefined): void {
    this.#streams.remove(streamId)

    if (resetCode != null) {
      try {
        this.#outbox.sendReset(streamId, resetCode)
      } catch (thrown) {
        // not within the call of whoever reset this stream
        queueMicrotask(() => { this.#breakOff(toError(thrown)) })
      }
    }

    this.#letGoWhenDone()
  }

  async #closeGracefully (reason: number): Promise<void> {
    this.#phase = 'closing'
    this.#localGoAway = reason
    this.#streams.refuse()

    for (const stream of this.#streams.parked) {
      stream.abort(new YamuxClosedError('the connection was closed before anybody took the stream', reason))
    }

    const streams = this.#streams.list.filter(({ isCloseAbandoned }) => !isCloseAbandoned)

    await Promise.allSettled(streams.map(async (stream) => { await stream.close() }))

    if (!this.#isOver) {
      const { promise, resolve } = Promise.withResolvers<void>()

      this.#endGoAway = resolve
      this.#outbox.sendGoAway(reason, resolve)
      await promise
    }

    this.#phase = 'closed'
    this.#keepAlive[Symbol.dispose]()
    this.#pings.end(() => this.#goneError(undefined))
    this.#letGoWhenDone()
  }

  /** The connection cannot go on: says so, and takes the transport down. */
  #breakOff (error: Error): void {
    if (!this.#isOver) {
      this.#log.error('connection broken off - %e', error)
      this.abort(error)
      this.#transport.abort(error)
    }
  }

  /** The connection has gone, or the peer is done with it. */
  #end (error: Error): void {
    if (this.#isOver) {
      return
    }

    this.#isOver = true
    this.#streams.refuse()

    for (const stream of this.#streams.list) {
      stream.onConnectionEnd(error)
    }

    this.#letGo(error)
  }

  /** After `close`, streams that the peer has not ended go on; with the last of them all is done. */
  #letGoWhenDone (): void {
    if (this.#phase === 'closed' && this.#streams.size === 0) {
      this.#letGo(this.#goneError(undefined))
    }
  }

  /** Leaves nothing behind: no listener, no timer, nobody waiting. */
  #letGo (error: Error): void {
    this.#isOver = true
    this.#phase = 'closed'
    this.#streams.refuse()
    this.#keepAlive[Symbol.dispose]()
    this.#pings.end(() => error)
    this.#outbox.stop()
    this.#endGoAway?.()
    this.#detach()
  }
}
