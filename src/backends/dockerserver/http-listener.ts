import { chmodSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { isCoded, toError } from '../../base/index.ts'
import { ServiceError } from '../../service/index.ts'
import { dockerUrl } from '../docker-url.ts'
import { removeStaleSocket } from './stale-socket.ts'
import type { DockerAddress } from '../docker-url.ts'
import type { ServerOptions, TlsFiles } from './server-options.ts'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Open at a time; more are closed at once. */
export const MAX_CONNECTIONS = 1024

/** How long a connection may be idle between two requests. Clients that keep one longer find it closed as they ask. */
export const KEEP_ALIVE_MS = 120_000

/** How long a connection may be silent before its client is asked whether it is there still. */
const PROBE_AFTER_MS = 30_000

/** Its owner and its group may connect, as to the socket of an engine. */
const SOCKET_MODE = 0o660

/** `upgraded` is there for who wants to stop speaking HTTP: the connection, with all that lies behind the head. */
export type OnRequest = (request: IncomingMessage, response: ServerResponse, upgraded?: Duplex) => void

/** An HTTP server that has begun to listen, and all of its connections. */
export class HttpListener {
  /** Where it listens, with the port that the system chose for port 0. */
  readonly address: DockerAddress
  /** Resolves when it listens no more, with the error if it was not closed. */
  readonly closed: Promise<Error | undefined>

  readonly #server: Server
  readonly #sockets: Set<Socket>

  private constructor (server: Server, sockets: Set<Socket>, address: DockerAddress) {
    const { promise, resolve } = Promise.withResolvers<Error | undefined>()

    this.#server = server
    this.#sockets = sockets
    this.address = address
    this.closed = promise
    server.once('error', resolve)
    server.once('close', () => { resolve(undefined) })
  }

  /** @throws ServiceError Unavailable, AlreadyExists saying why it cannot listen there; InvalidArgument for files of TLS */
  static async open ({ address, tls }: ServerOptions, onRequest: OnRequest): Promise<HttpListener> {
    const server = tls == null ? createServer({ keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS }) : await createSecureServer(tls)
    const sockets = new Set<Socket>()

    server.maxConnections = MAX_CONNECTIONS
    server.keepAliveTimeout = KEEP_ALIVE_MS
    server.requestTimeout = 0 // an archive takes as long as it takes
    server.on('connection', (socket: Socket) => { track(socket, sockets) })
    server.on('request', onRequest)
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => { onUpgrade(request, socket, head, onRequest) })

    await listenAt(server, address)

    return new HttpListener(server, sockets, boundAddress(server, address))
  }

  /** Ends all connections, and resolves when nothing is left of them. */
  async close (): Promise<void> {
    this.#server.close()

    for (const socket of this.#sockets) {
      socket.destroy()
    }

    await this.closed
  }
}

function track (socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket)
  socket.once('close', () => { sockets.delete(socket) })
}

/** Node hands the connection over and forgets it: errors, and the end of an answer, are ours from here. */
function onUpgrade (request: IncomingMessage, socket: Duplex, head: Buffer, onRequest: OnRequest): void {
  const response = new ServerResponse(request)

  socket.on('error', () => {}) // its close tells whoever uses it
  response.assignSocket(request.socket)
  response.shouldKeepAlive = false
  response.once('finish', () => { socket.end(() => { socket.destroy() }) })

  if (head.byteLength > 0) {
    socket.unshift(head)
  }

  onRequest(request, response, socket)
}

async function createSecureServer ({ cert, key, ca }: TlsFiles): Promise<Server> {
  const [certPem, keyPem, caPem] = await Promise.all([readPem('--tlscert', cert), readPem('--tlskey', key), ca == null ? undefined : readPem('--tlscacert', ca)])

  try {
    return createTlsServer({
      cert: certPem,
      key: keyPem,
      ...(caPem == null ? {} : { ca: caPem, requestCert: true, rejectUnauthorized: true }),
      minVersion: 'TLSv1.2',
      allowHalfOpen: true,
      keepAlive: true,
      keepAliveInitialDelay: PROBE_AFTER_MS
    })
  } catch (cause) {
    throw new ServiceError('InvalidArgument', `wanted a certificate and its key in ${cert} and ${key}: ${toError(cause).message}`, { cause })
  }
}

async function readPem (option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new ServiceError('InvalidArgument', `wanted a file to read for ${option}, received ${path}: ${toError(cause).message}`, { cause })
  }
}

async function listenAt (server: Server, address: DockerAddress): Promise<void> {
  try {
    try {
      await listen(server, address)
    } catch (thrown) {
      if (address.kind === 'tcp' || (thrown as { code?: unknown }).code !== 'EADDRINUSE') {
        throw thrown
      }

      await removeStaleSocket(address.path)
      await listen(server, address)
    }
  } catch (cause) {
    throw isCoded(cause) ? cause : new ServiceError('Unavailable', `wanted to listen on ${dockerUrl(address)}: ${toError(cause).message}`, { cause })
  }
}

async function listen (server: Server, address: DockerAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()

  server.once('error', reject)
  server.listen(address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }, () => {
    try {
      if (address.kind === 'unix') {
        chmodSync(address.path, SOCKET_MODE)
      }

      resolve()
    } catch (thrown) {
      server.close()
      reject(thrown)
    }
  })

  try {
    await promise
  } finally {
    server.off('error', reject)
  }
}

function boundAddress (server: Server, address: DockerAddress): DockerAddress {
  const bound = server.address()

  return address.kind === 'tcp' && typeof bound === 'object' && bound != null ? { ...address, port: bound.port } : address
}
