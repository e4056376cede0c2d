import { createServer as createTcpServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { CodedError, toError } from '../../../base/index.ts'
import { describeFailure } from '../http/describe-failure.ts'
import { tlsServerOptions } from '../http/tls-options.ts'
import { socketAddress } from './socket-address.ts'
import { guardSocket, removeStaleSocket } from './unix-path.ts'
import type { SocketAddress } from './socket-address.ts'
import type { TransportListener, TransportOptions } from '../../contract/index.ts'
import type { Server, Socket } from 'node:net'

/** Connections of a listener that may be in their handshake at a time; more are closed at once. */
export const MAX_HANDSHAKES = 1024

export interface ListenSocketsOptions extends TransportOptions {
  withTls: boolean
}

/**
 * Takes a socket for as long as its handshake lasts, and resolves when that is over, either way. The signal aborts when
 * the listener closes.
 */
export type TakeSocket = (socket: Socket, signal: AbortSignal) => Promise<void>

/**
 * Accepts connections where `url` says: at a path for `unix:`, otherwise at a host and a port.
 *
 * @throws CodedError ListenFailed with the cause, InvalidAddress; TypeError for TLS without a certificate
 */
export async function listenSockets (url: URL, take: TakeSocket, options: ListenSocketsOptions): Promise<TransportListener> {
  const address = socketAddress(url)
  const server = createServer(url, options)
  const listener = new SocketListener(url, server, take, options.withTls)

  await listener.listen(address)

  return listener
}

function createServer (url: URL, options: ListenSocketsOptions): Server {
  const { withTls, tls } = options

  if (!withTls) {
    return createTcpServer({ allowHalfOpen: true })
  }

  if (tls.cert == null || tls.key == null) {
    throw new TypeError(`listening on ${url.href} needs the options tls.cert and tls.key`)
  }

  try {
    return createTlsServer({ ...tlsServerOptions(options), allowHalfOpen: true })
  } catch (cause) {
    throw new CodedError('ListenFailed', `cannot listen on ${url.href}: tls.cert and tls.key are of no use: ${describeFailure(cause)}`, { cause })
  }
}

class SocketListener implements TransportListener {
  readonly closed: Promise<Error | undefined>
  readonly #url: URL
  readonly #server: Server
  readonly #take: TakeSocket
  readonly #resolveClosed: (error: Error | undefined) => void
  /** Aborts when it closes. */
  readonly #closing = new AbortController()
  /** Connections that have not shaken hands yet. With TLS a socket is made of another: both have the same name. */
  readonly #shaking = new Map<string, Socket>()
  #named = 0

  constructor (url: URL, server: Server, take: TakeSocket, withTls: boolean) {
    const { promise, resolve } = Promise.withResolvers<Error | undefined>()

    this.closed = promise
    this.#resolveClosed = resolve
    this.#url = new URL(url)
    this.#server = server
    this.#take = take
    server.on('connection', (socket: Socket) => { this.#onConnection(socket, withTls) })
    server.on('secureConnection', (socket: Socket) => { this.#shake(socket) })
    server.on('tlsClientError', () => {}) // it has been hung up on; there is nobody to tell
  }

  get url (): string {
    return this.#url.href
  }

  async listen (address: SocketAddress): Promise<void> {
    try {
      await this.#bind(address)
    } catch (cause) {
      throw new CodedError('ListenFailed', `cannot listen on ${this.#url.href}: ${describeFailure(cause)}`, { cause })
    }

    const bound = this.#server.address()

    if (bound != null && typeof bound === 'object') {
      this.#url.port = String(bound.port)
    }

    this.#server.on('error', (error) => { this.#shut(error) })
  }

  async close (): Promise<void> {
    this.#shut(undefined)
  }

  async #bind (address: SocketAddress): Promise<void> {
    try {
      await this.#listenOnce(address)
    } catch (thrown) {
      if (!('path' in address) || !isInUse(thrown)) {
        throw thrown
      }

      await removeStaleSocket(address.path)
      await this.#listenOnce(address)
    }
  }

  async #listenOnce (address: SocketAddress): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()

    this.#server.once('error', reject)
    this.#server.listen(address)

    try {
      if ('path' in address && this.#server.listening) {
        guardSocket(address.path) // in this very turn: nobody else has it open yet
      }

      this.#server.once('listening', resolve)
      await promise
    } catch (thrown) {
      this.#server.close()
      throw toError(thrown)
    } finally {
      this.#server.off('error', reject)
      this.#server.off('listening', resolve)
    }
  }

  #onConnection (socket: Socket, withTls: boolean): void {
    // for ever: an error that comes before or after somebody else listens must not be thrown at the process
    socket.on('error', () => {})

    if (this.#shaking.size >= MAX_HANDSHAKES) {
      socket.destroy()
      return
    }

    if (!withTls) {
      this.#shake(socket)
      return
    }

    const name = this.#nameOf(socket)

    this.#shaking.set(name, socket)
    socket.once('close', () => { this.#forget(name, socket) })
  }

  #shake (socket: Socket): void {
    const name = this.#nameOf(socket)

    socket.on('error', () => {})
    this.#shaking.set(name, socket)
    this.#take(socket, this.#closing.signal).finally(() => { this.#forget(name, socket) }).catch(() => {
      socket.destroy()
    })
  }

  #forget (name: string, socket: Socket): void {
    if (this.#shaking.get(name) === socket) {
      this.#shaking.delete(name)
    }
  }

  /** Unique among open connections. */
  #nameOf ({ remoteAddress, remotePort }: Socket): string {
    return remoteAddress == null ? `${this.#named++}` : `${remoteAddress} ${remotePort}`
  }

  #shut (error: Error | undefined): void {
    if (this.#closing.signal.aborted) {
      return
    }

    this.#server.close()
    this.#closing.abort(new CodedError('SessionClosed', `the listener on ${this.#url.href} is closed`))

    for (const socket of this.#shaking.values()) {
      socket.destroy()
    }

    this.#shaking.clear()
    this.#resolveClosed(error)
  }
}

function isInUse (thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE'
}
