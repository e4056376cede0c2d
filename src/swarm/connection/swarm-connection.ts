import { CodedError, Deadline, isCoded, raceSignal, toError } from '../../base/index.ts'
import { closeError, reasonFromWire, wireCode } from './close-reason.ts'
import { KeepAlive } from './keep-alive.ts'
import { StreamTable } from './stream-table.ts'
import type { CloseReason, Connection, ConnectionLimits, ConnectionStat, ConnectionStatus, NewStreamOptions } from '../contract/connection.ts'
import type { CallOptions, Direction, Stream } from '../contract/stream.ts'
import type { ConnectionComponents } from './components.ts'
import type { MessageStream, MultiaddrConnection, PeerId, StreamCloseEvent, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** What some muxers can do beyond the interface. */
type Muxer = StreamMuxer & {
  ping?(options?: { signal?: AbortSignal }): Promise<number>
  remoteGoAway?: number
}

export interface SwarmConnectionInit {
  id: string
  direction: Direction
  remotePeer: PeerId
  remoteAddr: Multiaddr
  localAddr: Multiaddr | undefined
  limits: ConnectionLimits | undefined
  encryption: string | undefined
  /** The socket, or what stands for one. */
  maConn: MultiaddrConnection
  /** The same bytes, encrypted. */
  secured: MessageStream
  muxerFactory: StreamMuxerFactory
  /** Given back when the connection has ended. */
  permits: Disposable[]
}

/** A connection: `open` until somebody closes it or it breaks, `closing` while streams flush, `closed`. */
export class SwarmConnection implements Connection {
  readonly id: string
  readonly direction: Direction
  readonly remotePeer: PeerId
  readonly remoteAddr: Multiaddr
  readonly localPeer: PeerId
  readonly localAddr: Multiaddr | undefined
  readonly limits: ConnectionLimits | undefined
  readonly encryption: string | undefined
  readonly multiplexer: string
  readonly direct: boolean
  readonly openedAt: number
  readonly closed: Promise<CloseReason>
  readonly maConn: MultiaddrConnection

  readonly #components: ConnectionComponents
  readonly #muxer: Muxer
  readonly #table: StreamTable
  readonly #keepAlive: KeepAlive
  readonly #permits: Disposable[]
  readonly #ended = new AbortController()
  readonly #settleClosed: (reason: CloseReason) => void
  #status: ConnectionStatus = 'open'
  #reason: CloseReason | undefined
  #closing: Promise<void> | undefined
  #lastHeardAt: number

  constructor (components: ConnectionComponents, init: SwarmConnectionInit) {
    const { clock, settings } = components
    const { promise, resolve } = Promise.withResolvers<CloseReason>()

    this.id = init.id
    this.direction = init.direction
    this.remotePeer = init.remotePeer
    this.remoteAddr = init.remoteAddr
    this.localPeer = components.localPeer
    this.localAddr = init.localAddr
    this.limits = init.limits
    this.encryption = init.encryption
    this.direct = !init.remoteAddr.toString().includes('/p2p-circuit')
    this.openedAt = this.#lastHeardAt = clock.now()
    this.closed = promise
    this.maConn = init.maConn
    this.#components = components
    this.#settleClosed = resolve
    this.#permits = init.permits

    // before the muxer's own listeners: when it closes its streams, the reason must be known
    init.maConn.addEventListener('close', this.#onTransportClose)
    init.secured.addEventListener('message', this.#onHeard)

    this.#muxer = init.muxerFactory.createStreamMuxer(init.secured)
    this.multiplexer = this.#muxer.protocol
    this.#table = new StreamTable(components, this, this.#muxer, () => this.#lossError())
    this.#keepAlive = new KeepAlive({
      clock,
      intervalMs: this.#muxer.ping == null ? 0 : settings.keepAliveIntervalMs,
      timeoutMs: settings.keepAliveTimeoutMs,
      lastHeardAt: () => this.#lastHeardAt,
      ping: () => { this.#ping() },
      onDead: (silentMs) => { this.#onDead(silentMs) }
    })
    this.#ping()
  }

  get status (): ConnectionStatus {
    return this.#status
  }

  get streams (): readonly Stream[] {
    return this.#table.list()
  }

  get signal (): AbortSignal {
    return this.#ended.signal
  }

  /** Why the connection ended, or is ending. */
  get reason (): CloseReason | undefined {
    return this.#reason
  }

  get muxer (): StreamMuxer {
    return this.#muxer
  }

  /** Inbound streams wait until this is called, so that nobody is served before `connected` was told. */
  startServing (): void {
    this.#table.startServing()
  }

  async newStream (protocols: string | string[], options: NewStreamOptions = {}): Promise<Stream> {
    if (this.#status !== 'open') {
      throw closeError(this.#reason ?? { code: 'closed', by: 'local' })
    }

    if (this.limits != null && (options.limited ?? 'deny') === 'deny') {
      throw new CodedError('LimitedConnection', `limited connection to peer ${this.remotePeer.toString()}: pass { limited: 'allow' } to use it all the same`)
    }

    return this.#table.open(typeof protocols === 'string' ? [protocols] : protocols, options)
  }

  async close (options: CallOptions = {}): Promise<void> {
    await this.closeWith({ code: 'closed', by: 'local' }, options)
  }

  /** As `close`, for another reason, of which the peer is told where the muxer can. */
  async closeWith (reason: CloseReason, options: CallOptions = {}): Promise<void> {
    if (this.#status === 'closed') {
      return
    }

    await (this.#closing ??= this.#close(reason, options))
  }

  abort (reason: Error = new CodedError('ConnectionClosed', 'the connection was aborted on this side')): void {
    this.abortWith({ code: 'aborted', by: 'local', error: reason })
  }

  abortWith (reason: CloseReason): void {
    if (this.#status === 'closed') {
      return
    }

    this.#reason ??= reason

    const error = closeError(this.#reason)

    this.#abortMuxer(error)
    this.maConn.abort(error)
    this.#finish()
  }

  stat (): ConnectionStat {
    return {
      direction: this.direction,
      openedAt: this.openedAt,
      status: this.#status,
      streams: this.#table.size,
      ...this.#table.bytes
    }
  }

  async #close (reason: CloseReason, { signal }: CallOptions): Promise<void> {
    const { clock, settings } = this.#components
    using deadline = new Deadline({
      clock,
      timeoutMs: settings.closeTimeoutMs,
      signal,
      onTimeout: () => new CodedError('ConnectionClosed', `the graceful close took more than ${settings.closeTimeoutMs} ms; the connection is aborted`)
    })

    this.#status = 'closing'
    this.#reason ??= reason

    try {
      // the muxer ends the streams' writes and says farewell with the code
      const farewell = { signal: deadline.signal, reason: wireCode(reason.code) }

      await raceSignal(this.#muxer.close(farewell), deadline.signal)
      await raceSignal(this.maConn.close({ signal: deadline.signal }), deadline.signal)
      this.#finish()
    } catch (thrown) {
      this.#components.log('graceful close of %s failed - %e', this.id, thrown)
      this.abortWith({ ...reason, error: toError(thrown) })
    }
  }

  #abortMuxer (error: Error): void {
    try {
      this.#muxer.abort(error)
    } catch (thrown) {
      this.#components.log.trace('the muxer of %s could not say farewell - %e', this.id, thrown)
    }
  }

  readonly #onHeard = (): void => {
    this.#lastHeardAt = this.#components.clock.now()
  }

  readonly #onTransportClose = (event: StreamCloseEvent): void => {
    this.#reason ??= this.#reasonOfTransportClose(event)
    // after the muxer has closed its streams, which listens to the same event
    queueMicrotask(() => { this.#finish() })
  }

  #reasonOfTransportClose (event: StreamCloseEvent): CloseReason {
    const farewell = this.#muxer?.remoteGoAway

    // after a farewell it does not matter how the socket ends
    if (farewell != null) {
      return reasonFromWire(farewell)
    }

    if (isCoded(event.error)) {
      return { code: 'aborted', by: 'local', error: event.error }
    }

    return event.error == null ? { code: 'lost', by: 'remote' } : { code: 'lost', by: 'remote', error: event.error }
  }

  #lossError (): Error {
    const farewell = this.#muxer.remoteGoAway
    const reason = this.#reason ?? (farewell == null ? { code: 'lost', by: 'remote' } as const : reasonFromWire(farewell))

    return closeError(reason)
  }

  #ping (): void {
    this.#muxer.ping?.({ signal: this.#ended.signal }).catch((error: unknown) => {
      this.#components.log.trace('ping on %s failed - %e', this.id, error)
    })
  }

  #onDead (silentMs: number): void {
    const error = new CodedError('ConnectionLost', `no byte from the peer for ${Math.round(silentMs)} ms (connection.keepAliveTimeoutMs)`)

    this.abortWith({ code: 'keepAlive', by: 'remote', error })
  }

  #finish (): void {
    if (this.#status === 'closed') {
      return
    }

    const reason = this.#reason ?? { code: 'closed', by: 'local' }

    this.#status = 'closed'
    this.#keepAlive[Symbol.dispose]()
    this.#abortMuxer(closeError(reason)) // streams that a half-dead muxer may have left

    for (const permit of this.#permits) {
      permit[Symbol.dispose]()
    }

    this.#ended.abort(closeError(reason))
    this.#settleClosed(reason)
    this.#components.connectionClosed(this, reason)
  }
}
