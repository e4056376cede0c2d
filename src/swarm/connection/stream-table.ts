import { CodedError, Deadline, isCoded, raceSignal, SharedTimeout, toError, TransientSet } from '../../base/index.ts'
import { answering, assertProtocol, explainFailure, greeting, selectProtocol } from '../stream/index.ts'
import { InboundNegotiation, LazyNegotiation } from './stream-negotiation.ts'
import { TrackedStream } from './tracked-stream.ts'
import type { ConnectionComponents, ProtocolEntry, StreamGate } from './components.ts'
import type { StreamOwner } from './tracked-stream.ts'
import type { Connection, NewStreamOptions } from '../contract/connection.ts'
import type { Direction } from '../contract/stream.ts'
import type { SupportedProtocols, SwarmStream } from '../stream/index.ts'
import type { Stream as RawStream, StreamMuxer } from '@libp2p/interface'

/** Of a muxer that can open a stream without a promise. */
interface EagerMuxer {
  /**
   * Opens a stream; undefined where `createStream` would wait.
   *
   * @throws as `createStream`
   */
  openStream? (): RawStream | undefined
}

export interface StreamTableInit {
  components: ConnectionComponents
  connection: Connection
  muxer: StreamMuxer & EagerMuxer
  isConnected(): boolean
  /** Why streams fail once the connection does not work any more. */
  lossError(): Error
}

/** The streams of one connection: opens them, serves them, and lets go of them when they end. */
export class StreamTable implements StreamOwner {
  readonly components: ConnectionComponents
  readonly connection: Connection
  readonly bytes = { bytesRead: 0, bytesWritten: 0 }

  readonly #init: StreamTableInit
  readonly #gate: StreamGate
  readonly #negotiating: SharedTimeout
  readonly #supported: SupportedProtocols
  readonly #streams = new TransientSet<SwarmStream>()
  /** Inbound streams that came before anybody may be served; the gate bounds their number. */
  #parked: TrackedStream[] | undefined = []
  /** Whether the last inbound stream was refused: a flood of them is one event, and not a flood of events. */
  #isRefusing = false
  #count = 0

  constructor (init: StreamTableInit) {
    this.#init = init
    this.components = init.components
    this.connection = init.connection
    this.#gate = init.components.streamGate()
    this.#negotiating = new SharedTimeout(init.components.clock, init.components.settings.negotiateTimeoutMs)
    this.#supported = new ServedProtocols(init.components.registry, init.connection)

    init.muxer.addEventListener('stream', (event) => { this.#onInbound(event.detail) })
  }

  get size (): number {
    return this.#streams.size
  }

  list (): SwarmStream[] {
    return [...this.#streams]
  }

  startServing (): void {
    const parked = this.#parked ?? []

    this.#parked = undefined

    for (const tracked of parked) {
      this.#serve(tracked)
    }
  }

  /** Refuses further writes. Resolves when those made before have left, or failed, or the signal aborts. */
  async drain (signal: AbortSignal): Promise<void> {
    await Promise.allSettled(this.list().map(async ({ port }) => { await port.drain(signal) }))
  }

  isConnected (): boolean {
    return this.#init.isConnected()
  }

  lossError (): Error {
    return this.#init.lossError()
  }

  release (tracked: TrackedStream): void {
    this.#streams.delete(tracked.stream)
    tracked.giveBack()

    if (tracked.isAnnounced) {
      this.components.streamClosed(tracked.stream)
    }
  }

  /** The connection has ended: whatever the muxer makes of that, no stream outlives it. */
  lose (): void {
    for (const { port } of this.list()) {
      port.lose()
    }
  }

  /**
   * Opens a stream for the first of `protocols` that the peer takes.
   *
   * @throws CodedError UnsupportedProtocol, NegotiationFailed, NegotiationTimeout, ResourceLimit,
   * ConnectionClosed, ConnectionLost, StreamReset; TypeError; the signal's reason
   */
  async open (protocols: string[], options: NewStreamOptions): Promise<SwarmStream> {
    if (protocols.length === 0) {
      throw new TypeError('newStream wants at least one protocol, received none')
    }

    protocols.forEach(assertProtocol)
    options.signal?.throwIfAborted()

    const permit = this.#gate.admit('outbound')
    const raw = this.#tryCreate(permit)
    const lazy = this.#lazyProtocol(protocols, options)

    if (raw != null && lazy != null) {
      return this.#openLazily(this.#track(raw, 'outbound', permit), lazy)
    }

    const { clock, settings } = this.components
    using deadline = new Deadline({
      clock,
      timeoutMs: settings.openStreamTimeoutMs,
      signal: options.signal,
      onTimeout: () => new CodedError('NegotiationTimeout', `timed out: no stream for ${protocols.join(', ')} after ${settings.openStreamTimeoutMs} ms`)
    })
    const tracked = raw == null
      ? await this.#createStream(permit, deadline.signal)
      : this.#track(raw, 'outbound', permit)

    return lazy == null ? await this.#openFully(tracked, protocols, deadline.signal) : this.#openLazily(tracked, lazy)
  }

  /** A raw stream, where there is one at once. */
  #tryCreate (permit: Disposable): RawStream | undefined {
    try {
      return this.#init.muxer.openStream?.()
    } catch (thrown) {
      permit[Symbol.dispose]()
      throw this.#explain(thrown)
    }
  }

  async #createStream (permit: Disposable, signal: AbortSignal): Promise<TrackedStream> {
    try {
      const creating = this.#init.muxer.createStream({ signal })

      // a muxer that does not heed the signal may deliver late
      creating.then((late) => {
        if (signal.aborted) {
          late.abort(toError(signal.reason))
        }
      }, () => {})

      return this.#track(await raceSignal(creating, signal), 'outbound', permit)
    } catch (thrown) {
      permit[Symbol.dispose]()
      throw this.#explain(thrown, signal)
    }
  }

  /** The one protocol of which the answer is not waited for. */
  #lazyProtocol (protocols: string[], { negotiate }: NewStreamOptions): string | undefined {
    const [first] = protocols
    const isLazy = first != null && protocols.length === 1 &&
      (negotiate === 'lazy' || (negotiate == null && this.components.knowsProtocol(this.connection.remotePeer, first)))

    return isLazy ? first : undefined
  }

  #openLazily (tracked: TrackedStream, protocol: string): SwarmStream {
    const { stream } = tracked

    try {
      stream.port.openLazily(greeting(protocol), new LazyNegotiation(this, protocol, this.#negotiating))
      this.#beginOutbound(tracked, protocol)

      return stream
    } catch (thrown) {
      throw this.#giveUp(stream, this.#explain(thrown))
    }
  }

  async #openFully (tracked: TrackedStream, protocols: string[], signal: AbortSignal): Promise<SwarmStream> {
    const { clock, settings } = this.components
    const { stream } = tracked

    try {
      const protocol = await selectProtocol(stream.port, protocols, { clock, timeoutMs: settings.negotiateTimeoutMs, signal })

      this.components.learnProtocol(this.connection.remotePeer, protocol)
      this.#beginOutbound(tracked, protocol)

      return stream
    } catch (thrown) {
      throw this.#giveUp(stream, this.#explain(thrown, signal))
    }
  }

  #beginOutbound (tracked: TrackedStream, protocol: string): void {
    this.#begin(tracked, protocol, this.components.registry.get(protocol)?.maxOutboundStreams ?? Infinity)
  }

  #giveUp (stream: SwarmStream, error: unknown): unknown {
    stream.reset(toError(error))

    return error
  }

  /** Why no stream could be opened: if the connection has gone meanwhile, then that is why. */
  #explain (thrown: unknown, signal?: AbortSignal): unknown {
    if ((signal?.aborted === true && thrown === signal.reason) || isCoded(thrown, 'UnsupportedProtocol') || isCoded(thrown, 'ResourceLimit')) {
      return thrown
    }

    return explainFailure(thrown, { local: true, isConnected: this.#init.isConnected(), lossError: this.#init.lossError })
  }

  #onInbound (raw: RawStream): void {
    let permit: Disposable

    try {
      permit = this.#gate.admit('inbound')
    } catch (thrown) {
      raw.abort(toError(thrown))
      this.#reportRefusal(toError(thrown))
      return
    }

    const tracked = this.#track(raw, 'inbound', permit)

    if (this.#parked != null) {
      this.#parked.push(tracked)
    } else {
      this.#serve(tracked)
    }
  }

  #reportRefusal (error: Error): void {
    if (!this.#isRefusing) {
      this.#isRefusing = true
      this.components.reportError('accepting a stream', error, this.connection)
    }
  }

  #serve (tracked: TrackedStream): void {
    const rawHandler = this.components.rawStreamHandler()

    if (rawHandler != null) {
      this.#announce(tracked)
      this.#handle(tracked, rawHandler)
      return
    }

    const { port } = tracked.stream

    port.negotiate(new InboundNegotiation(
      answering((bytes) => { port.sendNow(bytes) }, this.#supported),
      this.#negotiating,
      (protocol) => { this.#onAgreed(tracked, protocol) },
      (error) => { this.#onInboundFailed(tracked, error) }
    ))
  }

  #onAgreed (tracked: TrackedStream, protocol: string): void {
    const entry = this.components.registry.get(protocol)

    try {
      if (entry == null) {
        throw new CodedError('UnsupportedProtocol', `${protocol} was unhandled while it was being negotiated`)
      }

      this.#begin(tracked, protocol, entry.maxInboundStreams ?? this.components.maxInboundStreamsPerProtocol)
    } catch (thrown) {
      this.#onInboundFailed(tracked, toError(thrown))
      return
    }

    this.#handle(tracked, entry.serve)
  }

  /** One turn later: not within what brought the bytes, as a handler may do anything. */
  #handle (tracked: TrackedStream, handler: ProtocolEntry['serve']): void {
    Promise.resolve(tracked.stream).then(handler).catch((thrown: unknown) => { this.#onInboundFailed(tracked, toError(thrown)) })
  }

  #onInboundFailed ({ stream, isAnnounced }: TrackedStream, error: Error): void {
    const isStreams = stream.port.error === error

    stream.reset(error)

    // that peers reset streams, or cannot negotiate, is daily life; that a handler throws is not
    if (isAnnounced && !isStreams) {
      this.components.reportError(`stream handler ${stream.protocol}`.trimEnd(), error, this.connection)
    } else if (isCoded(error, 'ResourceLimit')) {
      this.#reportRefusal(error)
    } else {
      this.components.log('inbound stream %s failed - %e', stream.id, error)
    }
  }

  /** The protocol is agreed: from here on the stream is one. */
  #begin (tracked: TrackedStream, protocol: string, maxStreams: number): void {
    const { stream, raw } = tracked

    // it may have been reset in the same breath: what has been given back is not taken again
    if (!this.#streams.has(stream)) {
      throw stream.port.error ?? this.#init.lossError()
    }

    tracked.hold(this.#gate.admitProtocol(stream.direction, protocol, maxStreams))
    stream.protocol = raw.protocol = protocol
    this.#measure(raw)
    this.#announce(tracked)
  }

  #announce (tracked: TrackedStream): void {
    tracked.isAnnounced = true
    this.#isRefusing &&= tracked.stream.direction === 'outbound'
    this.components.streamOpened(tracked.stream, tracked.raw)
  }

  #measure (raw: RawStream): void {
    try {
      this.components.metrics?.trackProtocolStream(raw)
    } catch (thrown) {
      this.components.reportError('measuring a stream', toError(thrown), this.connection)
    }
  }

  #track (raw: RawStream, direction: Direction, permit: Disposable): TrackedStream {
    const tracked = new TrackedStream(this, raw, { id: `${this.connection.id}-${++this.#count}`, direction, permit })

    this.#streams.add(tracked.stream)

    return tracked
  }
}

/** What is served on a connection: over a limited one, only what was registered for those. A class for the reason that `Sink` is one. */
class ServedProtocols implements SupportedProtocols {
  readonly #registry: ConnectionComponents['registry']
  readonly #connection: Connection

  constructor (registry: ConnectionComponents['registry'], connection: Connection) {
    this.#registry = registry
    this.#connection = connection
  }

  has (name: string): boolean {
    const entry = this.#registry.get(name)

    return entry != null && (entry.limited || this.#connection.limits == null)
  }

  list (): string[] {
    return this.#registry.list().filter((name) => this.has(name))
  }
}
