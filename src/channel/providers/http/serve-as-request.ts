import { ServerResponse } from 'node:http'
import { refuse } from './refuse.ts'
import type { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Gives a request for an upgrade to the application's routes, which is where Node leaves it if nobody listens for
 * upgrades. So `curl --http2`, which asks for HTTP/2 politely, goes on working when channels share the server.
 */
export function serveAsRequest (server: EventEmitter, request: IncomingMessage, socket: Socket, head: Uint8Array): void {
  // behind an upgrade Node parses nothing any more
  if (head.byteLength > 0 || hasBody(request)) {
    refuse(socket, 400, 'A request with an Upgrade header has no body here: send it without that header.')
    return
  }

  const response = new ServerResponse(request)

  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => {
    response.detachSocket(socket)
    socket.end(() => { socket.destroy() })
  })
  socket.on('error', () => { socket.destroy() })
  server.emit('request', request, response)
}

function hasBody ({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] != null || Number(headers['content-length'] ?? 0) > 0
}
