import { multiaddr } from '@multiformats/multiaddr'
import { after, CodedError, Deadline, raceOrEnd, raceSignal, toError } from '../../base/index.ts'
import { attachSink, MessageStreamBase, Sink } from '../../message-stream/index.ts'
import { isThroughRelay } from '../address/index.ts'
import { closeError, farewellError, reasonFromTransport, reasonFromWire, wireCode } from './close-reason.ts'
import { KeepAlive } from './keep-alive.ts'
import { StreamTable } from './stream-table.ts'
import type { ConnectionComponents } from './components.ts'
import type { Timer } from '../../base/index.ts'
import type { CloseReason, Connection, ConnectionLimits, ConnectionStat, ConnectionStatus, NewStreamOptions } from '../contract/connection.ts'
import type { CallOptions, Direction, Stream } from '../contract/stream.ts'
import type { MessageStream, MultiaddrConnection, PeerId, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** What some muxers can do beyond the interface. */
type Muxer = StreamMuxer & {
  ping?(): Promise<number>
  /** The code with which the peer said farewell. */
  remoteGoAway?: number
  /** Of npm's yamux, which else says farewell only together with other things. */
  sendGoAway?(code: number): void
}

export interface SwarmConnectionInit {
  id: string
  direction: Direction
  remotePeer: PeerId
  remoteAddr: Multiaddr
  localAddr: string | undefined
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
  readonly limits: ConnectionLimits | undefined
  readonly encryption: string | undefined
  readonly multiplexer: string
  readonly direct: boolean
  readonly openedAt: number
  readonly closed: Promise<CloseReason>
  readonly maConn: MultiaddrConnection

  readonly #components: ConnectionComponents
  #localAddr: string | Multiaddr | undefined
  readonly #muxer: Muxer
  readonly #secured: MessageStream
  readonly #table: StreamTable
  readonly #keepAlive: KeepAlive
  readonly #permits: Disposable[]
  /** Made when somebody asks for its signal. */
  #ended: AbortController | undefined
  readonly #settleClosed: (reason: CloseReason) => void
  #status: ConnectionStatus = 'open'
  #reason: CloseReason | undefined
  #closing: Promise<void> | undefined
  #farewellTimer: Timer | undefined
  #hasSaidFarewell = false
  #endError: Error | undefined
  #lastHeardAt: number
  /** The last ping of ours, if there was one; settles with its answer, or when there will be none. */
  #pinging: Promise<void> | undefined

  constructor (components: ConnectionComponents, init: SwarmConnectionInit) {
    const { clock, settings } = components
    const { promise, resolve } = Promise.withResolvers<CloseReason>()

    this.id = init.id
    this.direction = init.direction
    this.remotePeer = init.remotePeer
    this.remoteAddr = init.remoteAddr
    this.localPeer = components.localPeer
    this.#localAddr = init.localAddr
    this.limits = init.limits
    this.encryption = init.encryption
    this.direct = !isThroughRelay(init.remoteAddr)
    this.openedAt = this.#lastHeardAt = clock.now()
    this.closed = promise
    this.maConn = init.maConn
    this.#components = components
    this.#settleClosed = resolve
    this.#permits = [...init.permits] // without the room to grow that the other has
    this.#secured = init.secured

    this.#muxer = init.muxerFactory.createStreamMuxer(init.secured)
    this.multiplexer = this.#muxer.protocol
    this.#table = new StreamTable({
      components,
      connection: this,
      muxer: this.#muxer,
      isConnected: () => this.status === 'open' && init.maConn.status === 'open',
      lossError: () => closeError(this.#reason ?? this.#reasonOfEnd(undefined))
    })

    // behind the muxer: it has heard by then what we look at
    const onClose = (error: Error | undefined): void => { this.#onTransportClose(error) }

    attachSink(init.secured, new Sink({ onMessage: () => { this.#onHeard() }, onClose }))
    attachSink(init.maConn, new Sink({ onClose }))
    this.#keepAlive = new KeepAlive({
      clock,
      intervalMs: this.#muxer.ping == null ? 0 : settings.keepAliveIntervalMs,
      timeoutMs: settings.keepAliveTimeoutMs,
      lastHeardAt: () => this.#lastHeardAt,
      ping: () => { this.#pinging = this.#ping() },
      onDead: (silentMs) => { this.#onDead(silentMs) }
    })
  }

  get status (): ConnectionStatus {
    // a muxer that has said or heard farewell opens no more streams
    return this.#status === 'open' && this.#muxer.status !== 'open' ? 'closing' : this.#status
  }

  get localAddr (): Multiaddr | undefined {
    if (typeof this.#localAddr === 'string') {
      this.#localAddr = multiaddr(this.#localAddr)
    }

    return this.#localAddr
  }

  get streams (): readonly Stream[] {
    return this.#table.list()
  }

  get signal (): AbortSignal {
    if (this.#ended == null) {
      this.#ended = new AbortController()

      if (this.#status === 'closed') {
        this.#ended.abort(this.#endError)
      }
    }

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
    if (this.status !== 'open') {
      throw closeError(this.#reason ?? this.#reasonOfEnd(undefined))
    }

    if (this.limits != null && options.limited !== 'allow') {
      throw new CodedError('LimitedConnection', `limited connection to peer ${this.remotePeer.toString()}: pass { limited: 'allow' } to use it all the same`)
    }

    return this.#table.open(typeof protocols === 'string' ? [protocols] : protocols, options)
  }

  async close (options: CallOptions = {}): Promise<void> {
    await this.closeWith({ code: 'closed', by: 'local' }, options)
  }

  /**
   * As `close`, for another reason, of which the peer is told where the muxer can. Resolves when the
   * connection has ended, by force if it takes too long. When the signal aborts, it is aborted too.
   *
   * @throws the signal's reason
   */
  async closeWith (reason: CloseReason, { signal }: CallOptions = {}): Promise<void> {
    if (this.#status === 'closed') {
      return
    }

    this.#closing ??= this.#close(reason)

    await raceOrEnd(this.#closing, signal, (thrown) => { this.abortWith({ ...reason, error: toError(thrown) }) })
  }

  abort (reason: Error = new CodedError('ConnectionClosed', 'the connection was aborted on this side')): void {
    this.abortWith({ code: 'aborted', by: 'local', error: reason })
  }

  /** Ends the connection now, for `reason`, unless it is ending for another one already. */
  abortWith (reason: CloseReason): void {
    if (this.#status === 'closed') {
      return
    }

    this.#reason ??= reason

    // what cuts a graceful close short is worth telling
    if (this.#reason.error == null && this.#reason.code === reason.code && reason.error != null) {
      this.#reason = { ...this.#reason, error: reason.error }
    }

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

  /** Never rejects. */
  async #close (reason: CloseReason): Promise<void> {
    const { clock, settings } = this.#components
    using deadline = new Deadline({
      clock,
      timeoutMs: settings.closeTimeoutMs,
      onTimeout: () => new CodedError('ConnectionClosed', `the graceful close took more than ${settings.closeTimeoutMs} ms; the connection is aborted`)
    })

    this.#status = 'closing'
    this.#reason ??= reason

    try {
      await Promise.race([this.closed, raceSignal(this.#closeGracefully(reason, deadline.signal), deadline.signal)])
      this.#finish()
    } catch (thrown) {
      this.#components.log('graceful close of %s failed - %e', this.id, thrown)
      this.abortWith({ ...reason, error: toError(thrown) })
    }
  }

  async #closeGracefully (reason: CloseReason, signal: AbortSignal): Promise<void> {
    await this.#table.drain(signal)
    await this.#awaitReceipt(signal)
    this.#sayFarewell(reason)
    // an encrypter may still be at work on the last bytes: its end comes before that of the socket
    await this.#secured.close({ signal })
    await this.maConn.close({ signal })
  }

  /**
   * Ends all streams and tells the peer why. The muxer's own `close` would end their write sides, and
   * the peer take that for the end of what somebody has not finished.
   */
  #sayFarewell (reason: CloseReason): void {
    // what has arrived is saved for its readers
    this.#table.lose()

    if (this.#hasSaidFarewell) {
      return
    }

    try {
      // before the resets, which would else look to the peer like those of single streams
      this.#muxer.sendGoAway?.(wireCode(reason.code))
      this.#muxer.abort(farewellError(reason))
      this.#hasSaidFarewell = true
    } catch (thrown) {
      this.#components.log.trace('the muxer of %s could not say farewell - %e', this.id, thrown)
    }
  }

  /**
   * Waits until the peer has read what we wrote, if the transport does not do that by itself. Once the socket
   * is closed, the first frame that the peer sends makes TCP reset it, and the reset takes along what the peer
   * has not yet read. A pong comes after everything that was sent before its ping.
   */
  async #awaitReceipt (signal: AbortSignal): Promise<void> {
    const { maConn } = this
    const isAwaited = maConn instanceof MessageStreamBase && maConn.awaitsReceipt

    if (isAwaited || this.#table.bytes.bytesWritten === 0 || this.#muxer.ping == null) {
      return
    }

    await raceSignal(Promise.resolve(this.#pinging), signal) // a ping that is under way is older than the last bytes
    await raceSignal(this.#ping(), signal)
  }

  #onHeard (): void {
    this.#lastHeardAt = this.#components.clock.now()

    if (this.#status === 'open' && this.#muxer.status !== 'open') {
      this.#onFarewell()
    }
  }

  /** The peer has said farewell. It closes the transport when it has said all; we wait, but not for ever. */
  #onFarewell (): void {
    const { clock, settings } = this.#components
    const reason = this.#reasonOfEnd(undefined)

    this.#status = 'closing'
    this.#reason ??= reason
    this.#farewellTimer = after(clock, settings.closeTimeoutMs, () => { this.abortWith(reason) }, { background: true })
  }

  #onTransportClose (error: Error | undefined): void {
    this.#reason ??= this.#reasonOfEnd(error)
    // when the streams have ended, of which the muxer tells in the same call
    queueMicrotask(() => { this.#finish() })
  }

  /** After a farewell it does not matter how the transport ends. */
  #reasonOfEnd (error: Error | undefined): CloseReason {
    const farewell = this.#muxer.remoteGoAway

    return farewell == null ? reasonFromTransport(error) : reasonFromWire(farewell)
  }

  async #ping (): Promise<void> {
    try {
      await this.#muxer.ping?.()
    } catch (error) {
      this.#components.log.trace('ping on %s failed - %e', this.id, error)
    }
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
    const error = closeError(reason)

    this.#reason = reason
    this.#status = 'closed'
    this.#keepAlive[Symbol.dispose]()
    this.#farewellTimer?.[Symbol.dispose]()
    this.#sayFarewell(reason)
    // one turn later: the yamux of npm announces the streams of this turn then, and throws if it cannot
    queueMicrotask(() => { this.maConn.abort(error) })

    for (const permit of this.#permits) {
      permit[Symbol.dispose]()
    }

    this.#endError = error
    this.#ended?.abort(error)
    this.#settleClosed(reason)
    this.#components.connectionClosed(this, reason)
  }
}
