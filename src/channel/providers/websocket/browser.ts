import { CodedError } from '../../../base/index.ts'
import { dialProvider } from '../http/dial-provider.ts'
import { browserLink } from './browser-link.ts'
import { SUBPROTOCOL } from './protocol.ts'
import type { ByteLink, ChannelTransport, TransportOptions } from '../../contract/index.ts'
import type { DialOptions } from '../http/dial-provider.ts'

/**
 * Sessions over WebSockets with nothing but the web platform: browsers, workers, Deno, Bun, and Node too.
 * They connect; pages cannot listen, and neither say headers nor whom they trust.
 */
export const websocketTransport: ChannelTransport = {
  schemes: ['ws', 'wss'],

  connect: async (url, options) => dialProvider(url, connectInBrowser, options),

  listen: async (url) => {
    throw new CodedError('UnsupportedOperation', `cannot listen on ${url.href}: a browser takes no connections`)
  }
}

/**
 * A WebSocket of the web platform with our subprotocol, as a byte pipe.
 *
 * @throws CodedError ConnectFailed, UnsupportedOperation for options that browsers do not have; the signal's reason
 */
export async function connectInBrowser (url: URL, options: DialOptions): Promise<ByteLink> {
  const { signal, clock } = options

  signal.throwIfAborted()
  refuseOptions(url, options)

  const { promise, resolve, reject } = Promise.withResolvers<ByteLink>()
  const webSocket = new WebSocket(url, [SUBPROTOCOL])
  const onAbort = (): void => {
    reject(signal.reason)
    webSocket.close()
  }

  webSocket.binaryType = 'arraybuffer'
  webSocket.addEventListener('open', () => { resolve(browserLink(webSocket, clock)) }, { once: true })
  webSocket.addEventListener('close', ({ code }) => {
    reject(new CodedError('ConnectFailed', `cannot connect to ${url.href}: the WebSocket closed with code ${code}; a browser says why in its console only`))
  }, { once: true })
  signal.addEventListener('abort', onAbort, { once: true })

  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function refuseOptions (url: URL, { headers, tls }: TransportOptions): void {
  const [header] = Object.keys(headers)
  const [tlsOption] = Object.keys(tls)

  if (header != null) {
    throw new CodedError('UnsupportedOperation', `cannot connect to ${url.href} with the header ${header}: browsers send none of ours; use the query of the URL`)
  }

  if (tlsOption != null) {
    throw new CodedError('UnsupportedOperation', `cannot connect to ${url.href} with tls.${tlsOption}: a browser decides whom it trusts`)
  }
}
