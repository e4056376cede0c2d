import { createSecureServer, createServer } from 'node:http2'
import { listenOn, toListenFailed } from '../http/own-server.ts'
import { pathOf } from '../http/request-path.ts'
import { shareServer } from '../http/shared-server.ts'
import { assertCertificate, tlsServerOptions } from '../http/tls-options.ts'
import { Http2Link } from './http2-link.ts'
import { IdleWatch } from './idle-watch.ts'
import { CONTENT_TYPE, DEFAULT_PORTS, FRAME_BYTES, isChannels, MAX_STREAMS_PER_CONNECTION, WINDOW_BYTES } from './protocol.ts'
import type { TransportListener, TransportOptions } from '../../contract/index.ts'
import type { OnLink } from '../http/listen-for-providers.ts'
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'

/**
 * Takes HTTP/2 requests on a server of its own, or on the path of one that is there already.
 *
 * @throws CodedError ListenFailed
 */
export async function listenHttp2 (url: URL, onLink: OnLink, options: TransportOptions): Promise<TransportListener> {
  const acceptor = new StreamAcceptor(pathOf(url.pathname), onLink)

  return options.server == null ? listenAlone(url, acceptor, options) : shareServer({ url, server: options.server, event: 'stream', taker: acceptor.take })
}

async function listenAlone (url: URL, acceptor: StreamAcceptor, options: TransportOptions): Promise<TransportListener> {
  const server = create(url, options)
  const idle = new IdleWatch(options.clock, options.handshakeTimeoutMs)

  server.on('session', (session) => {
    session.setLocalWindowSize(WINDOW_BYTES)
    idle.add(session)
  })
  server.on('stream', (stream, headers) => {
    idle.addStream(stream)

    if (!acceptor.take(stream, headers)) {
      answer(stream, 404, acceptor.directions)
    }
  })

  const own = await listenOn(server, url, DEFAULT_PORTS[url.protocol] ?? 0)

  return {
    url: own.url,
    closed: own.closed,
    close: async () => {
      own.close()
      idle.close()
    }
  }
}

function create (url: URL, options: TransportOptions): Http2Server {
  const settings = {
    enablePush: false,
    initialWindowSize: WINDOW_BYTES,
    maxFrameSize: FRAME_BYTES,
    maxConcurrentStreams: MAX_STREAMS_PER_CONNECTION
  }

  if (url.protocol !== 'https2:') {
    return createServer({ settings })
  }

  assertCertificate(url, options.tls)

  try {
    return createSecureServer({ ...tlsServerOptions(options), settings })
  } catch (cause) {
    throw toListenFailed(url, cause)
  }
}

class StreamAcceptor {
  readonly #path: string
  readonly #onLink: OnLink

  constructor (path: string, onLink: OnLink) {
    this.#path = path
    this.#onLink = onLink
  }

  /** For those who came to the wrong place. */
  get directions (): string {
    return `Channels are served at ${this.#path}, to POST with content-type: ${CONTENT_TYPE}.`
  }

  /** Whether the request was for us; it is answered then. */
  readonly take = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean => {
    if (pathOf(headers[':path']) !== this.#path) {
      return false
    }

    const { session } = stream

    if (headers[':method'] !== 'POST') {
      answer(stream, 405, this.directions, { allow: 'POST' })
    } else if (!isChannels(headers['content-type'])) {
      answer(stream, 415, this.directions, { 'accept-post': CONTENT_TYPE })
    } else if (session != null) {
      // at once, as proxies pass on nothing before the headers of the response
      stream.respond({ ':status': 200, 'content-type': CONTENT_TYPE, 'cache-control': 'no-store' })
      this.#onLink(new Http2Link(stream), session.socket)
    }

    return true
  }
}

function answer (stream: ServerHttp2Stream, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  stream.on('error', () => {}) // who has gone already needs no answer
  stream.respond({ ':status': status, 'content-type': 'text/plain; charset=utf-8', ...headers })
  // behind the answer the rest of the request is not wanted; RFC 9113 8.1
  stream.end(`${text}\n`, () => { stream.close() })
  stream.resume()
}
