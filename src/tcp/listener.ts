import { once } from 'node:events'
import { Server } from 'node:net'
import { AlreadyStartedError } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { setMaxListeners, TypedEventEmitter } from 'main-event'
import { CodedError, toError, TransientSet } from '../base/index.ts'
import { dialableAddresses, endpointOf, remoteAddressOf } from './address.ts'
import { connectionLog } from './connection-log.ts'
import { TcpConnection } from './connection.ts'
import { ListenerMetrics } from './metrics.ts'
import type { Endpoint } from './address.ts'
import type { TcpSettings, TcpSocketOptions } from './options.ts'
import type { Listener, ListenerEvents, Logger, Metrics, Upgrader } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Socket } from 'node:net'

export interface TcpListenerInit {
  upgrader: Upgrader
  settings: TcpSettings
  socketOptions: TcpSocketOptions
  log: Logger
  metrics: Metrics | undefined
}

/** What a listener is at: `paused` while it has enough connections. */
type State = 'idle' | 'opening' | 'listening' | 'paused' | 'closed'

/** Accepts connections on one address. */
export class TcpListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  /** Emits 'connection' before the upgrade of a socket begins. Closed by itself, it lets connections live on. */
  readonly server: Server
  readonly #init: TcpListenerInit
  readonly #metrics: ListenerMetrics
  readonly #connectionLog: Logger
  readonly #connections = new TransientSet<TcpConnection>()
  readonly #shutdown = new AbortController()
  #state: State = 'idle'
  /** Whether it has listened, and nobody was told of its end. */
  #hasListened = false
  #isResuming = false
  #requested: Multiaddr | undefined
  /** With the real port, once that is known. */
  #endpoint: Endpoint | undefined

  constructor (init: TcpListenerInit) {
    super()

    const { settings: { maxConnections }, socketOptions, log } = init
    const connectionCount = (): number => this.#connections.size
    const name = (): string => this.#name

    this.#init = init
    this.#connectionLog = connectionLog(log)
    this.#metrics = new ListenerMetrics(init.metrics, {
      get name () { return name() },
      get connections () { return connectionCount() }
    })
    setMaxListeners(Infinity, this.#shutdown.signal)

    this.server = new Server({ ...socketOptions, allowHalfOpen: false })

    if (maxConnections !== Infinity) {
      this.server.maxConnections = maxConnections
    }

    this.server.on('connection', (socket) => { this.#accept(socket) })
    this.server.on('listening', () => { this.#onListening() })
    this.server.on('error', (error) => { this.#onError(error) })
    this.server.on('close', () => { this.#onClose() })
    this.server.on('drop', () => { this.#metrics.event('drop') })
  }

  /**
   * Begins to listen, once.
   *
   * @throws AlreadyStartedError; what the operating system says, with its `code`
   */
  async listen (address: Multiaddr): Promise<void> {
    if (this.#state !== 'idle') {
      throw new AlreadyStartedError(`a listener listens once, and this one is ${this.#state}`)
    }

    this.#state = 'opening'

    try {
      this.#requested = address
      this.#endpoint = endpointOf(address)
      await this.#bind(this.#endpoint)
    } catch (thrown) {
      if (this.#state === 'opening') {
        this.#state = 'idle'
      }

      throw thrown
    }
  }

  /** Where it can be dialled: those of all interfaces, where it listens on all. */
  getAddrs (): Multiaddr[] {
    const bound = this.server.address()

    if (bound == null || this.#requested == null) {
      return []
    }

    return typeof bound === 'string' ? [multiaddr(`/unix/${encodeURIComponent(bound)}`)] : dialableAddresses(this.#requested, bound.port)
  }

  updateAnnounceAddrs (): void {}

  /** Accepts nobody any more, and hangs up on all who came through it. */
  async close (): Promise<void> {
    this.#state = 'closed'

    const { promise: ended, resolve: onEnded } = Promise.withResolvers<void>()

    // with its last socket, and though it does not listen: it may be about to
    this.server.once('close', onEnded)
    this.server.close()
    this.#shutdown.abort(new CodedError('ConnectionClosed', 'the listener was closed'))

    for (const { socket, isLingering } of this.#connections) {
      if (!isLingering) {
        socket.destroy()
      }
    }

    await ended
  }

  get #name (): string {
    const bound = this.server.address()

    if (bound == null) {
      return 'unknown'
    }

    return typeof bound === 'string' ? bound : `${bound.address}:${bound.port}`
  }

  async #bind (endpoint: Endpoint): Promise<void> {
    const { signal } = this.#shutdown

    signal.throwIfAborted()

    const listening = once(this.server, 'listening', { signal })

    this.server.listen({ ...endpoint, backlog: this.#init.settings.backlog })

    try {
      await listening
    } catch (thrown) {
      signal.throwIfAborted()
      throw thrown
    }
  }

  #onListening (): void {
    const bound = this.server.address()

    this.#state = 'listening'
    this.#hasListened = true

    // to pause and to listen again must not change the port
    if (this.#endpoint != null && 'port' in this.#endpoint && bound != null && typeof bound !== 'string') {
      this.#endpoint = { ...this.#endpoint, port: bound.port }
    }

    this.#metrics.status('active')
    this.safeDispatchEvent('listening')
  }

  #onError (error: Error): void {
    this.#metrics.error('listen_error')
    this.safeDispatchEvent('error', { detail: error })
  }

  #onClose (): void {
    if (this.#state === 'paused' || this.server.listening || !this.#hasListened) {
      return
    }

    this.#hasListened = false
    this.#metrics.status('inactive')
    this.safeDispatchEvent('close')
  }

  #accept (socket: Socket): void {
    const remoteAddr = this.#endpoint != null && 'path' in this.#endpoint ? this.#requested : remoteAddressOf(socket)

    // nobody would hear of it any more: the peer, or a limit, has hung up meanwhile
    if (remoteAddr == null || socket.destroyed) {
      socket.destroy()
      return
    }

    const connection = new TcpConnection({
      socket,
      direction: 'inbound',
      remoteAddr,
      inactivityTimeout: this.#init.settings.inboundSocketInactivityTimeout,
      clock: this.#init.settings.clock,
      poll: this.#init.settings.poll,
      log: this.#connectionLog
    })

    this.#metrics.event('connection')
    this.#connections.add(connection)
    this.#pauseWhenFull()
    socket.once('close', () => {
      this.#connections.delete(connection)
      this.#resumeWhenEmpty()
    })

    void this.#upgrade(connection)
  }

  /** Never rejects. */
  async #upgrade (connection: TcpConnection): Promise<void> {
    connection.addSink({
      onClose: (error, isLocal) => {
        const how = isLocal ? 'abort' : 'reset'

        this.#metrics.event(error == null ? 'end' : how)
      }
    })

    try {
      await this.#init.upgrader.upgradeInbound(connection, { signal: this.#shutdown.signal })
    } catch (thrown) {
      this.#init.log.error('the upgrade of a connection from %a failed - %e', connection.remoteAddr, thrown)
      this.#metrics.error('inbound_upgrade')
      connection.abort(toError(thrown))
    }
  }

  #pauseWhenFull (): void {
    const limits = this.#init.settings.closeServerOnMaxConnections

    if (limits != null && this.#connections.size >= limits.closeAbove && this.#state === 'listening' && this.server.listening) {
      this.#metrics.status('paused')
      this.#state = 'paused'
      this.server.close()
    }
  }

  /** When this fails, as somebody has taken the port, the next connection that ends tries again. */
  #resumeWhenEmpty (): void {
    const limits = this.#init.settings.closeServerOnMaxConnections

    if (this.#state !== 'paused' || this.#isResuming || limits == null || this.#connections.size >= limits.listenBelow || this.#endpoint == null) {
      return
    }

    this.#isResuming = true
    this.#bind(this.#endpoint)
      .catch((thrown: unknown) => {
        const error = toError(thrown)

        this.#init.log.error('could not listen again on %a - %e', this.#requested, error)

        if (this.#state === 'paused') {
          limits.onListenError?.(error)
        }
      })
      .finally(() => { this.#isResuming = false })
  }
}
