import { Server as TlsServer } from 'node:tls'
import { CodedError } from '../../../base/index.ts'
import { describeFailure } from './describe-failure.ts'
import { pathOf } from './request-path.ts'
import type { Server, Socket } from 'node:net'

/** Where a server of our own listens. */
export interface OwnServer {
  /** As given, with the port that the system chose. */
  readonly url: string
  /** Accepts no more connections. */
  close(): void
  /** Resolves when it accepts no more, with the error if it failed. */
  readonly closed: Promise<Error | undefined>
}

/**
 * Listens where `url` says, on `defaultPort` if it says no port.
 *
 * @throws CodedError ListenFailed with the cause
 */
export async function listenOn (server: Server, url: URL, defaultPort: number): Promise<OwnServer> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()

  server.once('error', reject)
  server.listen({ host: hostOf(url), port: url.port === '' ? defaultPort : Number(url.port) }, resolve)

  try {
    await promise
  } catch (cause) {
    throw toListenFailed(url, cause)
  } finally {
    server.off('error', reject)
  }

  const handshakes = trackHandshakes(server)
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<Error | undefined>()
  const close = (error?: Error): void => {
    onClosed(error)

    if (server.listening) {
      server.close()
    }

    handshakes.forEach((socket) => { socket.destroy() })
  }

  server.on('error', close)

  return { url: withPortOf(url, server), close, closed }
}

/** Connections whose TLS handshake goes on: the server does not speak of them yet, and does not close them. */
function trackHandshakes (server: Server): ReadonlyMap<string, Socket> {
  const handshakes = new Map<string, Socket>()
  // the socket with TLS is another object, of the same name
  const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`

  if (server instanceof TlsServer) {
    server.on('connection', (socket: Socket) => {
      const name = nameOf(socket)

      handshakes.set(name, socket)
      socket.once('close', () => { handshakes.delete(name) })
    })
    server.on('secureConnection', (socket: Socket) => { handshakes.delete(nameOf(socket)) })
  }

  return handshakes
}

export function toListenFailed (url: URL, cause: unknown): CodedError {
  return new CodedError('ListenFailed', `cannot listen on ${url.href}: ${describeFailure(cause)}`, { cause })
}

/** As `net` takes it: an IPv6 address without brackets. */
export function hostOf (url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}

/** The URL with the port that `server` has, if it has one. */
export function withPortOf (url: URL, server: Pick<Server, 'address'>): string {
  const address = server.address()
  const bound = new URL(url)

  if (address != null && typeof address === 'object') {
    bound.port = String(address.port)
  }

  if (bound.pathname === '') {
    bound.pathname = pathOf(url.href)
  }

  return bound.href
}
