import { dialProvider } from '../http/dial-provider.ts'
import { listenForProviders } from '../http/listen-for-providers.ts'
import { connectHttp2 } from './connect-http2.ts'
import { listenHttp2 } from './listen-http2.ts'
import type { ChannelTransport } from '../../contract/index.ts'

/**
 * Sessions over HTTP/2; spec-channel 12.4. `http2://host:port/path` without TLS, `https2:` with it.
 *
 * A listener has a server of its own, or takes one path of a server of `node:http2` that is there:
 * `options.server`. What that does at other paths stays as it is.
 *
 * Proxies that pass gRPC pass it. They must not limit the length of the request (`client_max_body_size 0` in nginx)
 * and must wait longer for bytes than `keepAliveIntervalMs`.
 */
export const http2Transport: ChannelTransport = {
  schemes: ['http2', 'https2'],

  connect: async (url, options) => dialProvider(url, connectHttp2, options),

  listen: async (url, onProvider, options) => listenForProviders(url, listenHttp2, onProvider, options)
}
