import { connectSocket } from '../socket/connect-socket.ts'
import { listenSockets } from '../socket/listen-sockets.ts'
import { NodeLink } from '../socket/node-link.ts'
import { urlOf } from '../socket/socket-address.ts'
import { createSpdyProvider } from './spdy-provider.ts'
import type { ChannelTransport, StreamProvider, TransportOptions } from '../../contract/index.ts'
import type { Socket } from 'node:net'

const SECURE = 'spdys:'

/**
 * `spdy://host:port`, and `spdys://host:port` with TLS; spec-channel 11. SPDY has no handshake: what is on the other
 * side shows when it answers. Port 0 listens on one that is free.
 */
export const spdyTransport: ChannelTransport = {
  schemes: ['spdy', 'spdys'],
  framing: 'values',

  connect: async (url, options) => {
    const socket = await connectSocket(url, { ...options, withTls: url.protocol === SECURE })

    return makeProvider(socket, options, { url, remoteAddress: url.href, isInitiator: true })
  },

  listen: async (url, onProvider, options) => listenSockets(url, async (socket) => {
    onProvider(makeProvider(socket, options, { url, remoteAddress: urlOf(schemeOf(url), socket), isInitiator: false }))
  }, { ...options, withTls: url.protocol === SECURE })
}

function makeProvider (socket: Socket, options: TransportOptions, { url, ...ends }: { url: URL, remoteAddress: string, isInitiator: boolean }): StreamProvider {
  socket.setNoDelay(true) // the provider gathers what may wait

  return createSpdyProvider(new NodeLink(socket), { ...options, ...ends, name: schemeOf(url) })
}

function schemeOf ({ protocol }: URL): string {
  return protocol.slice(0, -1)
}
