import { WebSocket } from 'ws'
import { toError } from '../../../base/index.ts'
import { tlsClientOptions } from '../http/tls-options.ts'
import { withoutCredentials } from '../http/without-credentials.ts'
import { connectFailed } from '../socket/connect-failure.ts'
import { clientLink } from './node-link.ts'
import { CLOSING_MS, MAX_MESSAGE_BYTES, SUBPROTOCOL } from './protocol.ts'
import type { ByteLink, TransportOptions } from '../../contract/index.ts'
import type { DialOptions } from '../http/dial-provider.ts'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientOptions } from 'ws'

/** Of the body of a refusal, for the message of the error. */
const MAX_EXPLANATION = 256

/**
 * A WebSocket with our subprotocol, as a byte pipe.
 *
 * @throws CodedError ConnectFailed with the cause; the signal's reason
 */
export async function connectWebSocket (url: URL, options: DialOptions): Promise<ByteLink> {
  const { signal } = options

  signal.throwIfAborted()

  const { promise, resolve, reject } = Promise.withResolvers<ByteLink>()
  const webSocket = open(url, options)
  const onAbort = (): void => {
    reject(signal.reason)
    webSocket.terminate()
  }
  const onError = (cause: unknown): void => { reject(toFailure(url, cause)) }

  let socket: Socket

  signal.addEventListener('abort', onAbort, { once: true })
  webSocket.on('error', onError)
  webSocket.once('upgrade', (response) => { socket = response.socket })
  webSocket.once('open', () => { resolve(clientLink(webSocket, socket)) })
  webSocket.once('unexpected-response', (_, response) => {
    explain(response).then((why) => {
      reject(toFailure(url, new Error(why)))
      webSocket.terminate()
    }, onError)
  })

  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function open (url: URL, { headers, tls }: TransportOptions): WebSocket {
  const target = new URL(url)

  // it is not sent, and `ws` refuses it
  target.hash = ''

  try {
    return new WebSocket(target, [SUBPROTOCOL], {
      ...tlsClientOptions(tls),
      headers: { ...headers },
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      closeTimeout: CLOSING_MS
    } as ClientOptions)
  } catch (cause) {
    // a header that HTTP does not allow, or a certificate that is none
    throw toFailure(url, cause)
  }
}

function toFailure (url: URL, cause: unknown): Error {
  return connectFailed(withoutCredentials(url), toError(cause))
}

/** What a server said that did not want to talk to us. */
async function explain (response: IncomingMessage): Promise<string> {
  const status = `the server answered ${response.statusCode} ${response.statusMessage}`
  let text = ''

  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk

    if (text.length >= MAX_EXPLANATION) {
      break
    }
  }

  const said = text.slice(0, MAX_EXPLANATION).trim()

  return said === '' ? status : `${status}: ${said}`
}
