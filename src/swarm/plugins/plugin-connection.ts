import { connectionSymbol, StreamAbortEvent, StreamCloseEvent, StreamResetEvent, TooManyOutboundProtocolStreamsError } from '@libp2p/interface'
import { TypedEventEmitter } from 'main-event'
import { closeError } from '../connection/index.ts'
import { FinalEvents } from './final-events.ts'
import { tellProgress } from './progress.ts'
import type { Clock } from '../../base/index.ts'
import type { SwarmConnection } from '../connection/index.ts'
import type { CloseReason, NewStreamOptions } from '../contract/connection.ts'
import type { SwarmStream } from '../stream/index.ts'
import type { AbortOptions, Connection, ConnectionLimits, ConnectionStatus, EventHandler, Logger, MessageStreamDirection, MessageStreamEvents, MultiaddrConnectionTimeline, NewStreamOptions as PluginNewStreamOptions, PeerId, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

type ConnectionEvents = Omit<MessageStreamEvents, 'drain' | 'message' | 'end'>

/** What a connection's view needs of the room. */
export interface ConnectionViewInit {
  clock: Clock
  stream(stream: SwarmStream): Stream
  /** Runs the middleware of a protocol over a stream that was just opened. */
  afterOpen(stream: Stream, connection: Connection): Promise<Stream>
}

/** A connection of ours as js-libp2p's plugins know connections. */
export class PluginConnection extends TypedEventEmitter<ConnectionEvents> implements Connection {
  readonly [connectionSymbol] = true
  readonly original: SwarmConnection
  readonly timeline: MultiaddrConnectionTimeline
  log: Logger
  declare rtt?: number

  readonly #init: ConnectionViewInit
  readonly #finals = new FinalEvents(this)

  constructor (original: SwarmConnection, init: ConnectionViewInit) {
    super()
    this.original = original
    this.timeline = original.maConn.timeline
    this.log = original.maConn.log
    this.#init = init
    original.closed.then((reason) => { this.#onClosed(reason) }).catch(() => {})
  }

  get [Symbol.toStringTag] (): string {
    return 'Connection'
  }

  get id (): string {
    return this.original.id
  }

  get remoteAddr (): Multiaddr {
    return this.original.remoteAddr
  }

  get remotePeer (): PeerId {
    return this.original.remotePeer
  }

  get direction (): MessageStreamDirection {
    return this.original.direction
  }

  get multiplexer (): string {
    return this.original.multiplexer
  }

  /** As js-libp2p, 'native' where the transport encrypts by itself. */
  get encryption (): string {
    return this.original.encryption ?? 'native'
  }

  get direct (): boolean {
    return this.original.direct
  }

  /** Undefined without limits, where the interface wants it absent: plugins compare it with null. */
  get limits (): ConnectionLimits {
    return this.original.limits as ConnectionLimits
  }

  get status (): ConnectionStatus {
    const { status, reason } = this.original

    return status === 'closed' && reason != null ? statusOf(reason) : status
  }

  get streams (): Stream[] {
    return this.original.streams.map((stream) => this.#init.stream(stream as SwarmStream))
  }

  override addEventListener<K extends keyof ConnectionEvents> (type: K, listener: EventHandler<ConnectionEvents[K]> | null, options?: boolean | AddEventListenerOptions): void {
    super.addEventListener(type, listener, options)

    if (this.#finals.add(type, listener)) {
      queueMicrotask(() => { this.#finals.tell(type) })
    }
  }

  override removeEventListener<K extends keyof ConnectionEvents> (type: K, listener?: EventHandler<ConnectionEvents[K]> | null, options?: boolean | EventListenerOptions): void {
    super.removeEventListener(type, listener, options)
    this.#finals.remove(type, listener as EventListener)
  }

  /**
   * @throws as our own connection's `newStream`, whose errors have the names of js-libp2p's; and
   * TooManyOutboundProtocolStreamsError beyond `maxOutboundStreams`
   */
  async newStream (protocols: string | string[], options: PluginNewStreamOptions = {}): Promise<Stream> {
    const list = typeof protocols === 'string' ? [protocols] : protocols

    tellProgress(options, 'connection:open-stream', { connection: this, protocols: list })

    const original = await this.original.newStream(list, toOurOptions(options)) as SwarmStream

    this.#checkCount(original, options.maxOutboundStreams)

    const stream = await this.#init.afterOpen(this.#init.stream(original), this)

    tellProgress(options, 'connection:opened-stream', { connection: this, stream })

    return stream
  }

  async close (options: AbortOptions = {}): Promise<void> {
    await this.original.close({ signal: options.signal })
  }

  abort (error: Error): void {
    this.original.abort(error)
  }

  #checkCount (opened: SwarmStream, max = Infinity): void {
    const open = this.original.streams.filter(({ protocol, direction }) => protocol === opened.protocol && direction === 'outbound').length

    if (open > max) {
      const error = new TooManyOutboundProtocolStreamsError(`Too many outbound protocol streams for protocol "${opened.protocol}" - ${open}/${max}`)

      opened.reset(error)
      throw error
    }
  }

  #onClosed (reason: CloseReason): void {
    const { timeline } = this

    // transports that time their connections by themselves do it better
    timeline.close ??= Math.round(this.#init.clock.now())
    this.#finals.tell('close', () => toCloseEvent(reason))
  }
}

/** As js-libp2p, the peer has agreed when `newStream` resolves, unless a plugin gives that up for a round trip less. */
function toOurOptions ({ signal, runOnLimitedConnection, negotiateFully }: PluginNewStreamOptions): NewStreamOptions {
  return {
    signal,
    limited: runOnLimitedConnection === true ? 'allow' : 'deny',
    negotiate: negotiateFully === false ? 'lazy' : 'full'
  }
}

function statusOf (reason: CloseReason): ConnectionStatus {
  if (errorOf(reason) == null) {
    return 'closed'
  }

  return reason.by === 'local' ? 'aborted' : 'reset'
}

function toCloseEvent (reason: CloseReason): StreamCloseEvent {
  const error = errorOf(reason)

  if (error == null) {
    return new StreamCloseEvent(reason.by === 'local')
  }

  return reason.by === 'local' ? new StreamAbortEvent(error) : new StreamResetEvent(error)
}

/** Ends that somebody wanted are no errors. */
const GRACEFUL: ReadonlySet<CloseReason['code']> = new Set(['closed', 'supplanted', 'trimmed', 'shutdown'])

function errorOf (reason: CloseReason): Error | undefined {
  return reason.error ?? (GRACEFUL.has(reason.code) ? undefined : closeError(reason))
}
