import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** Answers a request whose socket is ours now with a plain text, and hangs up. */
export function refuse (socket: Duplex, status: number, text: string): void {
  const body = `${text}\n`

  socket.on('error', () => {}) // who has gone already needs no answer
  socket.end([
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body
  ].join('\r\n'), () => { socket.destroy() })
}
