import { CodedError, Deadline, isCoded, raceSignal, toError } from '../../base/index.ts'
import { answerProposals, assertProtocol, confirmProtocol, explainFailure, greeting, selectProtocol, StreamPort, SwarmStream } from '../stream/index.ts'
import type { ConnectionComponents, ProtocolEntry, StreamGate } from './components.ts'
import type { Connection, NewStreamOptions } from '../contract/connection.ts'
import type { Direction } from '../contract/stream.ts'
import type { Stream as RawStream, StreamMuxer } from '@libp2p/interface'

/** A stream, the permits that it holds, and the raw stream beneath. */
interface Tracked {
  stream: SwarmStream
  raw: RawStream
  permits: Disposable[]
  /** Whether its protocol is agreed and subscribers know of it. */
  isAnnounced: boolean
}

export interface StreamTableInit {
  components: ConnectionComponents
  connection: Connection
  muxer: StreamMuxer
  isConnected(): boolean
  /** Why streams fail once the connection does not work any more. */
  lossError(): Error
}

/** The streams of one connection: opens them, serves them, and lets go of them when they end. */
export class StreamTable {
  readonly #init: StreamTableInit
  readonly #components: ConnectionComponents
  readonly #connection: Connection
  readonly #gate: StreamGate
  readonly #streams = new Set<SwarmStream>()
  readonly #bytes = { bytesRead: 0, bytesWritten: 0 }
  /** Inbound streams that came before anybody may be served; the gate bounds their number. */
  #parked: Tracked[] | undefined = []
  /** Whether the last inbound stream was refused: a flood of them is one event, and not a flood of events. */
  #isRefusing = false
  #count = 0

  constructor (init: StreamTableInit) {
    this.#init = init
    this.#components = init.components
    this.#connection = init.connection
    this.#gate = init.components.streamGate()

    init.muxer.addEventListener('stream', (event) => { this.#onInbound(event.detail) })
  }

  get size (): number {
    return this.#streams.size
  }

  get bytes (): Readonly<{ bytesRead: number, bytesWritten: number }> {
    return this.#bytes
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
    const { clock, settings } = this.#components

    if (protocols.length === 0) {
      throw new TypeError('newStream wants at least one protocol, received none')
    }

    protocols.forEach(assertProtocol)

    using deadline = new Deadline({
      clock,
      timeoutMs: settings.openStreamTimeoutMs,
      signal: options.signal,
      onTimeout: () => new CodedError('NegotiationTimeout', `timed out: no stream for ${protocols.join(', ')} after ${settings.openStreamTimeoutMs} ms`)
    })
    const permit = this.#gate.admit('outbound')
    const tracked = await this.#createStream(permit, deadline.signal)

    try {
      const protocol = await this.#negotiate(tracked.stream, protocols, options, deadline.signal)

      this.#begin(tracked, protocol, this.#components.registry.get(protocol)?.maxOutboundStreams ?? Infinity)
    } catch (thrown) {
      const error = this.#explain(thrown, deadline.signal)

      tracked.stream.reset(toError(error))
      throw error
    }

    return tracked.stream
  }

  async #createStream (permit: Disposable, signal: AbortSignal): Promise<Tracked> {
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

  /** Why no stream could be opened: if the connection has gone meanwhile, then that is why. */
  #explain (thrown: unknown, signal: AbortSignal): unknown {
    if ((signal.aborted && thrown === signal.reason) || isCoded(thrown, 'UnsupportedProtocol') || isCoded(thrown, 'ResourceLimit')) {
      return thrown
    }

    return explainFailure(thrown, { local: true, isConnected: this.#init.isConnected(), lossError: this.#init.lossError })
  }

  async #negotiate (stream: SwarmStream, protocols: string[], { negotiate }: NewStreamOptions, signal: AbortSignal): Promise<string> {
    const { clock, settings } = this.#components
    const { remotePeer } = this.#connection
    const [first] = protocols
    const options = { clock, timeoutMs: settings.negotiateTimeoutMs }

    if (first != null && protocols.length === 1 && (negotiate === 'lazy' || (negotiate == null && this.#components.knowsProtocol(remotePeer, first)))) {
      stream.port.openLazily(greeting(first), async (port) => {
        try {
          await confirmProtocol(port, first, options)
        } catch (error) {
          if (isCoded(error, 'UnsupportedProtocol') || isCoded(error, 'NegotiationFailed')) {
            this.#components.forgetProtocol(remotePeer, first)
          }

          throw error
        }
      })

      return first
    }

    const chosen = await selectProtocol(stream.port, protocols, { ...options, signal })

    this.#components.learnProtocol(remotePeer, chosen)

    return chosen
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
      this.#components.reportError('accepting a stream', error, this.#connection)
    }
  }

  #serve (tracked: Tracked): void {
    const { stream } = tracked

    this.#answer(tracked).catch((thrown: unknown) => {
      const error = toError(thrown)
      const isStreams = stream.port.error === error

      stream.reset(error)

      // that peers reset streams, or cannot negotiate, is daily life; that a handler throws is not
      if (tracked.isAnnounced && !isStreams) {
        this.#components.reportError(`stream handler ${stream.protocol}`.trimEnd(), error, this.#connection)
      } else if (isCoded(error, 'ResourceLimit')) {
        this.#reportRefusal(error)
      } else {
        this.#components.log('inbound stream %s failed - %e', stream.id, error)
      }
    })
  }

  async #answer (tracked: Tracked): Promise<void> {
    const { clock, settings, registry } = this.#components
    const { stream } = tracked
    const rawHandler = this.#components.rawStreamHandler()

    if (rawHandler != null) {
      this.#announce(tracked)
      await rawHandler(stream)
      return
    }

    const protocol = await answerProposals(stream.port, {
      has: (name) => this.#serves(registry.get(name)),
      list: () => registry.list().filter((name) => this.#serves(registry.get(name)))
    }, { clock, timeoutMs: settings.negotiateTimeoutMs, signal: this.#connection.signal })
    const entry = registry.get(protocol)

    if (entry == null) {
      throw new CodedError('UnsupportedProtocol', `${protocol} was unhandled while it was being negotiated`)
    }

    this.#begin(tracked, protocol, entry.maxInboundStreams ?? this.#components.maxInboundStreamsPerProtocol)
    await entry.serve(stream)
  }

  #serves (entry: ProtocolEntry | undefined): boolean {
    return entry != null && (entry.limited || this.#connection.limits == null)
  }

  /** The protocol is agreed: from here on the stream is one. */
  #begin (tracked: Tracked, protocol: string, maxStreams: number): void {
    const { stream, raw, permits } = tracked

    // it may have been reset in the same breath: what has been given back is not taken again
    if (!this.#streams.has(stream)) {
      throw stream.port.error ?? this.#init.lossError()
    }

    permits.push(this.#gate.admitProtocol(stream.direction, protocol, maxStreams))
    stream.protocol = raw.protocol = protocol
    this.#measure(raw)
    this.#announce(tracked)
  }

  #announce (tracked: Tracked): void {
    tracked.isAnnounced = true
    this.#isRefusing &&= tracked.stream.direction === 'outbound'
    this.#components.streamOpened(tracked.stream, tracked.raw)
  }

  #measure (raw: RawStream): void {
    try {
      this.#components.metrics?.trackProtocolStream(raw)
    } catch (thrown) {
      this.#components.reportError('measuring a stream', toError(thrown), this.#connection)
    }
  }

  #track (raw: RawStream, direction: Direction, permit: Disposable): Tracked {
    const { clock, settings, budget } = this.#components
    const port = new StreamPort(raw, {
      highWaterBytes: settings.streamHighWaterBytes,
      lowWaterBytes: settings.streamLowWaterBytes,
      budget,
      lossError: this.#init.lossError,
      isConnected: this.#init.isConnected,
      onRead: (bytes) => {
        this.#bytes.bytesRead += bytes
        this.#components.countBytes(this.#connection, stream, 'read', bytes)
      },
      onWrite: (bytes) => {
        this.#bytes.bytesWritten += bytes
        this.#components.countBytes(this.#connection, stream, 'written', bytes)
      }
    })
    const stream = new SwarmStream(port, {
      id: `${this.#connection.id}-${++this.#count}`,
      direction,
      connection: this.#connection,
      clock,
      closeTimeoutMs: settings.closeTimeoutMs,
      lingerTimeoutMs: settings.lingerTimeoutMs,
      idleTimeoutMs: settings.streamIdleTimeoutMs
    })
    const tracked = { stream, raw, permits: [permit], isAnnounced: false }

    this.#streams.add(stream)
    stream.closed.then(() => { this.#release(tracked) }).catch(() => {})

    return tracked
  }

  #release ({ stream, permits, isAnnounced }: Tracked): void {
    this.#streams.delete(stream)

    for (const permit of permits) {
      permit[Symbol.dispose]()
    }

    if (isAnnounced) {
      this.#components.streamClosed(stream)
    }
  }
}
