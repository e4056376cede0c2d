import { createMuxProvider } from '../mux/mux-provider.ts'
import { explainHandshake } from './connect-failure.ts'
import { connectSocket } from './connect-socket.ts'
import { listenSockets } from './listen-sockets.ts'
import { NodeLink } from './node-link.ts'
import { urlOf } from './socket-address.ts'
import type { ChannelTransport, StreamProvider, TransportOptions } from '../../contract/index.ts'
import type { MuxProviderInit } from '../mux/mux-provider.ts'
import type { Socket } from 'node:net'

/** To TLS 1.3 a client has connected before the server looks at its certificate. */
const TLS_HINT = 'does it serve channels, and does it take our tls.cert, or the lack of one?'

type Ends = Pick<MuxProviderInit, 'name' | 'remoteAddress' | 'isInitiator' | 'hangUpHint'>

/** `tcp://host:port`. Port 0 listens on one that is free. */
export const tcpTransport: ChannelTransport = socketTransport('tcp', { withTls: false })

/** `tls://host:port`; spec-channel 12.2. */
export const tlsTransport: ChannelTransport = socketTransport('tls', { withTls: true })

/**
 * `unix:///path/to/socket`. Listening makes the socket with mode 0600, and removes one that was left behind, on which
 * nobody answers; closing removes the socket.
 */
export const unixTransport: ChannelTransport = socketTransport('unix', { withTls: false })

function socketTransport (scheme: string, { withTls }: { withTls: boolean }): ChannelTransport {
  return {
    schemes: [scheme],

    connect: async (url, options) => {
      const { clock, handshakeTimeoutMs } = options
      const since = clock.now()
      const socket = await connectSocket(url, { ...options, withTls })
      const left = Math.max(0, handshakeTimeoutMs - (clock.now() - since))
      const ends = { name: scheme, remoteAddress: url.href, isInitiator: true, ...(withTls ? { hangUpHint: TLS_HINT } : {}) }

      try {
        return await makeProvider(socket, { ...options, handshakeTimeoutMs: left }, ends)
      } catch (thrown) {
        throw explainHandshake(url, thrown)
      }
    },

    listen: async (url, onProvider, options) => listenSockets(url, async (socket, signal) => {
      const remoteAddress = scheme === 'unix' ? url.href : urlOf(scheme, socket)

      onProvider(await makeProvider(socket, { ...options, signal }, { name: scheme, remoteAddress, isInitiator: false }))
    }, { ...options, withTls })
  }
}

async function makeProvider (socket: Socket, options: TransportOptions & { signal: AbortSignal }, ends: Ends): Promise<StreamProvider> {
  socket.setNoDelay(true) // the muxer gathers what may wait

  return createMuxProvider(new NodeLink(socket), { ...options, ...ends })
}
