/* The server end of systems that talk over WebSockets. */
import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import type { ServerEnd } from './system.ts'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ServerOptions, WebSocket } from 'ws'

/** Listens without compression. */
export async function serveWebSockets (serve: (socket: WebSocket, request: IncomingMessage) => void, options: ServerOptions = {}): Promise<ServerEnd> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, ...options })

  server.on('connection', serve)
  await once(server, 'listening')

  return {
    address: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,

    async close () {
      server.clients.forEach((socket) => { socket.terminate() })
      server.close()
      await once(server, 'close')
    }
  }
}
