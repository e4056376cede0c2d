import { connect } from 'node:http2'
import { connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { toError } from '../../../base/index.ts'
import { hostOf } from '../http/own-server.ts'
import { tlsClientOptions } from '../http/tls-options.ts'
import { withoutCredentials } from '../http/without-credentials.ts'
import { connectFailed } from '../socket/connect-failure.ts'
import { Http2Link } from './http2-link.ts'
import { CONTENT_TYPE, DEFAULT_PORTS, FRAME_BYTES, isChannels, WINDOW_BYTES } from './protocol.ts'
import type { ByteLink, TlsOptions, TransportOptions } from '../../contract/index.ts'
import type { DialOptions } from '../http/dial-provider.ts'
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader, OutgoingHttpHeaders } from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** Of the body of a refusal, for the message of the error. */
const MAX_EXPLANATION = 256

/**
 * A connection with one request, whose bodies are the byte pipe. The connection ends with them.
 *
 * @throws CodedError ConnectFailed with the cause; the signal's reason
 */
export async function connectHttp2 (url: URL, options: DialOptions): Promise<ByteLink> {
  const { signal } = options

  signal.throwIfAborted()

  const { promise, resolve, reject } = Promise.withResolvers<ByteLink>()
  const session = open(url, options)
  const fail = (cause: unknown): void => { reject(toFailure(url, cause)) }
  const onAbort = (): void => { reject(signal.reason) }

  signal.addEventListener('abort', onAbort, { once: true })
  // stays: what goes wrong later is told by the stream
  session.on('error', fail)
  session.once('close', () => { fail(new Error('the server closed the connection')) })
  session.once('connect', () => { request(session, url, options).then(resolve, fail) })

  try {
    return await promise
  } catch (error) {
    session.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function open (url: URL, { tls }: TransportOptions): ClientHttp2Session {
  const isSecure = url.protocol === 'https2:'

  try {
    return connect(`${isSecure ? 'https' : 'http'}://${url.host}`, {
      createConnection: () => openSocket(url, isSecure ? tls : undefined),
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES, maxFrameSize: FRAME_BYTES }
    })
  } catch (cause) {
    throw toFailure(url, cause)
  }
}

function openSocket (url: URL, tls: TlsOptions | undefined): Socket {
  const host = hostOf(url)
  const port = url.port === '' ? DEFAULT_PORTS[url.protocol] ?? 0 : Number(url.port)

  if (tls == null) {
    return connectTcp({ host, port })
  }

  // an address has no name to ask for
  const servername = isIP(host) === 0 ? { servername: host } : {}

  const socket = connectTls({ host, port, ...servername, ...tlsClientOptions(tls), ALPNProtocols: ['h2'] })

  // where the server ends TLS with an alert, Node ends the session and leaves the socket open for good
  return socket.on('error', () => { socket.destroy() })
}

async function request (session: ClientHttp2Session, url: URL, options: TransportOptions): Promise<ByteLink> {
  const { alpnProtocol } = session.socket as TLSSocket

  if (session.encrypted === true && alpnProtocol !== 'h2') {
    throw new Error('the server does not speak HTTP/2, by its answer in the TLS handshake')
  }

  session.setLocalWindowSize(WINDOW_BYTES)

  const stream = session.request(headersOf(url, options), { endStream: false })
  const { promise, resolve, reject } = Promise.withResolvers<ByteLink>()

  stream.once('error', reject)
  stream.once('close', () => {
    reject(new Error('the server gave no answer'))

    if (stream.rstCode === 0 && !stream.aborted) {
      session.close() // what was written leaves
    } else {
      session.destroy()
    }
  })
  stream.once('response', (headers) => {
    if (headers[':status'] === 200 && isChannels(headers['content-type'])) {
      resolve(new Http2Link(stream))
    } else {
      explain(stream, headers).then(reject, reject)
    }
  })

  return promise
}

function headersOf (url: URL, { headers }: TransportOptions): OutgoingHttpHeaders {
  const { username, password, pathname, search } = url
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`

  return {
    ...(credentials === ':' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
    ...headers,
    ':method': 'POST',
    ':path': `${pathname === '' ? '/' : pathname}${search}`,
    'content-type': CONTENT_TYPE
  }
}

/** What a server said that does not serve channels there. */
async function explain (stream: ClientHttp2Stream, headers: IncomingHttpHeaders & IncomingHttpStatusHeader): Promise<Error> {
  const type = headers['content-type'] ?? 'no content-type'
  let text = ''

  // so that the server does not wait for the rest of the request
  stream.end()

  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk

    if (text.length >= MAX_EXPLANATION) {
      break
    }
  }

  const said = text.slice(0, MAX_EXPLANATION).trim()

  return new Error(`the server answered ${headers[':status']} with ${type}, not 200 with ${CONTENT_TYPE}${said === '' ? '' : `: ${said}`}`)
}

function toFailure (url: URL, cause: unknown): Error {
  return connectFailed(withoutCredentials(url), toError(cause))
}
