import { dialProvider } from '../http/dial-provider.ts'
import { listenForProviders } from '../http/listen-for-providers.ts'
import { connectWebSocket } from './connect-websocket.ts'
import { listenWebSocket } from './listen-websocket.ts'
import type { ChannelTransport } from '../../contract/index.ts'

/**
 * Sessions over WebSockets, in Node; spec-channel 12.3. `ws://host:port/path`, and `wss:` with TLS.
 *
 * A listener has an HTTP server of its own, or takes one path of a server that is there: `options.server`, of
 * `node:http` or `node:https`. What that does at other paths stays as it is, upgrades included.
 */
export const websocketTransport: ChannelTransport = {
  schemes: ['ws', 'wss'],

  connect: async (url, options) => dialProvider(url, connectWebSocket, options),

  listen: async (url, onProvider, options) => listenForProviders(url, listenWebSocket, onProvider, options)
}
