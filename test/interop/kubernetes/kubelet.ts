import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { systemClock } from '../../../src/base/index.ts'
import { NodeLink } from '../../../src/channel/providers/index.ts'
import { createSpdyProvider } from '../../../src/channel/providers/spdy/index.ts'
import { serveExec } from './exec.ts'
import { servePortForward } from './port-forward.ts'
import { PodSession } from './session.ts'
import type { Certificate } from '../../support/certificates.ts'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** What is spoken over the streams, by the last part of the path. */
const PROTOCOLS = { exec: 'v4.channel.k8s.io', portforward: 'portforward.k8s.io' } as const

const UPGRADE = 'SPDY/3.1'

export interface KubeletOptions {
  /** HTTPS rather than HTTP. */
  tls?: Certificate
  maxOpenStreams?: number
  keepAliveIntervalMs?: number
  /** Leaves it to the client to close the session when a command has ended. */
  isLeftOpen?: boolean
}

/**
 * Answers a Kubernetes client as the API server of a cluster does, and serves its one pod in the process. Once the
 * connection is upgraded it is our SPDY that speaks.
 */
export class Kubelet implements AsyncDisposable {
  /** Where clients connect. */
  readonly url: string
  /** In the order in which they came. */
  readonly sessions: PodSession[] = []
  /** Resolves when the first client has come. */
  readonly first: Promise<PodSession>
  readonly #first = Promise.withResolvers<PodSession>()
  readonly #server: ReturnType<typeof createServer>

  static async listen (options: KubeletOptions = {}): Promise<Kubelet> {
    const server = options.tls == null ? createServer() : createSecureServer(options.tls)

    server.listen(0, '127.0.0.1')
    await once(server, 'listening')

    return new Kubelet(server, options)
  }

  private constructor (server: ReturnType<typeof createServer>, options: KubeletOptions) {
    this.#server = server
    this.first = this.#first.promise
    this.url = `${options.tls == null ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`

    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => { this.#onUpgrade(request, socket as Socket, head, options) })
  }

  /** The session of the only client. */
  get session (): PodSession {
    const [session] = this.sessions

    if (session == null || this.sessions.length > 1) {
      throw new Error(`${this.sessions.length} clients came instead of one`)
    }

    return session
  }

  #onUpgrade (request: IncomingMessage, socket: Socket, head: Buffer, options: KubeletOptions): void {
    const url = new URL(request.url ?? '', this.url)
    const subresource = url.pathname.slice(url.pathname.lastIndexOf('/') + 1) as keyof typeof PROTOCOLS
    const protocol = PROTOCOLS[subresource]
    const offered = String(request.headers['x-stream-protocol-version']).split(', ')

    if (request.method !== 'POST' || request.headers.upgrade !== UPGRADE || !offered.includes(protocol)) {
      socket.end(`HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n${request.method} ${request.url} cannot be upgraded to ${request.headers.upgrade} with ${offered.join()}`)
      return
    }

    socket.setNoDelay(true)
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${UPGRADE}\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`)
    socket.unshift(head)

    const session = this.#serve(socket, options)

    if (subresource === 'exec') {
      serveExec(session, url.searchParams, options)
    } else {
      servePortForward(session)
    }
  }

  #serve (socket: Socket, { maxOpenStreams = 4096, keepAliveIntervalMs = 0 }: KubeletOptions): PodSession {
    const provider = createSpdyProvider(new NodeLink(socket), {
      name: 'spdy',
      remoteAddress: `spdy://${socket.remoteAddress}:${socket.remotePort}`,
      isInitiator: false,
      limits: { maxOpenStreams, sendBufferBytes: 256 * 1024 },
      clock: systemClock,
      keepAliveIntervalMs,
      keepAliveTimeoutMs: 45_000
    })
    const session = new PodSession(provider)

    socket.on('data', (bytes: Uint8Array) => { session.overhear(bytes) })
    this.sessions.push(session)
    this.#first.resolve(session)

    return session
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const session of this.sessions) {
      session.abort()
    }

    const closed = once(this.#server, 'close')

    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}
