import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls, TLSSocket } from 'node:tls'
import { Reader } from './decode/reader.ts'
import { readToken } from './decode/select.ts'
import type { Socket } from 'node:net'
import type { ConnectionOptions, TLSSocketOptions } from 'node:tls'

const NEGOTIATION = ['/multistream/1.0.0', '/tls/1.0.0']

/** Agrees on /tls/1.0.0 by hand, then does the handshake of TLS with what it is given, checking no certificate. */
export async function tlsTo (port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect(port, '127.0.0.1')

  await agree(socket)

  const secured = connectTls({ rejectUnauthorized: false, ...options, socket })

  await once(secured, 'secureConnect')

  return secured
}

/** The same from the other side, for a socket that was accepted. */
export async function tlsFrom (socket: Socket, options: TLSSocketOptions): Promise<TLSSocket> {
  await agree(socket)

  const secured = new TLSSocket(socket, { requestCert: true, rejectUnauthorized: false, ...options, isServer: true })

  await once(secured, 'secure')

  return secured
}

/** Either side of this negotiation says the same, and need not wait for the other. */
async function agree (socket: Socket): Promise<void> {
  const wanted = Buffer.concat(NEGOTIATION.map((text) => Buffer.from([text.length + 1, ...Buffer.from(`${text}\n`)])))
  let received = Buffer.alloc(0)

  socket.write(wanted)

  while (received.length < wanted.length) {
    const bytes = socket.read(wanted.length - received.length) as Buffer | null ?? socket.read() as Buffer | null

    if (bytes == null) {
      await once(socket, 'readable')
    } else {
      received = Buffer.concat([received, bytes])
    }
  }

  const reader = new Reader(received)
  const answers = NEGOTIATION.map(() => readToken(reader))

  if (answers.join() !== NEGOTIATION.join()) {
    throw new Error(`wanted ${NEGOTIATION.join()}, was answered ${answers.join()}`)
  }
}
