import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { WebSocketServer } from 'ws'
import { listenOn, toListenFailed } from '../http/own-server.ts'
import { patience } from '../http/patience.ts'
import { refuse } from '../http/refuse.ts'
import { pathOf } from '../http/request-path.ts'
import { serveAsRequest } from '../http/serve-as-request.ts'
import { shareServer } from '../http/shared-server.ts'
import { assertCertificate, tlsServerOptions } from '../http/tls-options.ts'
import { serverLink } from './node-link.ts'
import { isWelcome } from './origin.ts'
import { CLOSING_MS, MAX_MESSAGE_BYTES, SUBPROTOCOL } from './protocol.ts'
import type { TransportListener, TransportOptions } from '../../contract/index.ts'
import type { OnLink } from '../http/listen-for-providers.ts'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ServerOptions } from 'ws'

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'ws:': 80, 'wss:': 443 }

/**
 * Takes WebSockets on a server of its own, or on the path of one that is there already.
 *
 * @throws CodedError ListenFailed
 */
export async function listenWebSocket (url: URL, onLink: OnLink, options: TransportOptions): Promise<TransportListener> {
  const acceptor = new WebSocketAcceptor(pathOf(url.pathname), onLink, options.origins)

  return options.server == null ? listenAlone(url, acceptor, options) : listenAtPath(url, acceptor, options.server)
}

async function listenAlone (url: URL, acceptor: WebSocketAcceptor, options: TransportOptions): Promise<TransportListener> {
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => { acceptor.answer(request, response) }
  const server = create(url, onRequest, options)

  server.on('upgrade', (request, socket, head) => {
    if (!acceptor.take(request, socket as Socket, head)) {
      refuse(socket, 404, acceptor.directions)
    }
  })

  const own = await listenOn(server, url, DEFAULT_PORTS[url.protocol] ?? 0)

  return {
    url: own.url,
    closed: own.closed,
    close: async () => {
      own.close()
      // requests that are no WebSockets; those are the server's no more
      server.closeAllConnections()
    }
  }
}

function create (url: URL, onRequest: RequestListener, options: TransportOptions): Server {
  if (url.protocol !== 'wss:') {
    return createServer(patience(options), onRequest)
  }

  assertCertificate(url, options.tls)

  try {
    return createSecureServer({ ...patience(options), ...tlsServerOptions(options) }, onRequest)
  } catch (cause) {
    throw toListenFailed(url, cause)
  }
}

function listenAtPath (url: URL, acceptor: WebSocketAcceptor, server: object): TransportListener {
  const listener = shareServer({
    url,
    server,
    event: 'upgrade',
    taker: acceptor.take,
    onClose: () => { (server as Server).off('upgrade', leaveToApplication) }
  })

  ;(server as Server).on('upgrade', leaveToApplication)

  return listener
}

const left = new WeakSet<IncomingMessage>()

/** Node offers upgrades only while somebody listens for them. Where it is only us, nothing changes for other paths. */
function leaveToApplication (this: Server, request: IncomingMessage, socket: Socket, head: Uint8Array): void {
  const isOnlyUs = this.listeners('upgrade').every((listener) => listener === leaveToApplication)

  // once for each of our paths
  if (isOnlyUs && !left.has(request)) {
    left.add(request)
    serveAsRequest(this, request, socket, head)
  }
}

class WebSocketAcceptor {
  readonly #path: string
  readonly #onLink: OnLink
  readonly #origins: readonly string[] | undefined
  readonly #handshakes = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    closeTimeout: CLOSING_MS,
    handleProtocols: () => SUBPROTOCOL
  } as ServerOptions)

  constructor (path: string, onLink: OnLink, origins: readonly string[] | undefined) {
    this.#path = path
    this.#onLink = onLink
    this.#origins = origins
  }

  /** For those who came to the wrong place. */
  get directions (): string {
    return `Channels are served at ${this.#path}, to WebSockets with the subprotocol ${SUBPROTOCOL}.`
  }

  /** Whether the request was for us; it is answered then. */
  readonly take = (request: IncomingMessage, socket: Socket, head: Buffer): boolean => {
    if (pathOf(request.url) !== this.#path) {
      return false
    }

    if (!isWelcome(request, this.#origins)) {
      refuse(socket, 403, `Pages of ${String(request.headers.origin)} may not connect here (option origins).`)
    } else if (offers(request, SUBPROTOCOL)) {
      this.#handshakes.handleUpgrade(request, socket, head, (webSocket) => { this.#onLink(serverLink(webSocket, socket), socket) })
    } else {
      refuse(socket, 400, this.directions)
    }

    return true
  }

  /** A request without upgrade, on a server of our own. */
  answer (request: IncomingMessage, response: ServerResponse): void {
    const isHere = pathOf(request.url) === this.#path

    response.writeHead(isHere ? 426 : 404, {
      'content-type': 'text/plain; charset=utf-8',
      connection: isHere ? 'close, upgrade' : 'close',
      ...(isHere ? { upgrade: 'websocket' } : {})
    })
    response.end(`${this.directions}\n`)
  }
}

function offers (request: IncomingMessage, subprotocol: string): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? ''

  return offered.split(',').some((name) => name.trim() === subprotocol)
}
