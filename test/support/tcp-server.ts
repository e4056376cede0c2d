import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface TcpServer extends AsyncDisposable {
  /** As a multiaddr. */
  address: string
  sockets: Socket[]
  /** Resolves with the next socket that is accepted. */
  accepted (): Promise<Socket>
}

/** A server that accepts connections and, unless told otherwise, never says a word. */
export async function tcpServer (onSocket: (socket: Socket) => void = () => {}): Promise<TcpServer> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {}) // who hangs up is no concern of the test
    socket.resume()
    onSocket(socket)
  })

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    address: `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`,
    sockets,
    accepted: async () => (await once(server, 'connection') as [Socket])[0],
    [Symbol.asyncDispose]: async () => {
      sockets.forEach((socket) => { socket.destroy() })
      server.close()
      await once(server, 'close')
    }
  }
}

export interface Stranger extends AsyncDisposable {
  socket: Socket
  /** Resolves with all that came, when the other side has hung up. */
  closed: Promise<Buffer>
}

/** A plain TCP client of `address`, a multiaddr of an IPv4 host. */
export async function stranger (address: string, ...words: Array<string | Uint8Array>): Promise<Stranger> {
  const [, , host, , port] = address.split('/')
  const socket = connect({ host: host ?? '', port: Number(port) })
  const chunks: Buffer[] = []
  const { promise: closed, resolve } = Promise.withResolvers<Buffer>()

  socket.on('error', () => {}) // a reset is one way to be hung up on
  socket.on('data', (chunk) => { chunks.push(chunk) })
  socket.on('close', () => { resolve(Buffer.concat(chunks)) })
  // some are turned away so quickly that they never get to be connected
  await Promise.race([new Promise((resolve) => { socket.once('connect', resolve) }), closed])

  for (const word of words) {
    socket.write(word)
  }

  return {
    socket,
    closed,
    [Symbol.asyncDispose]: async () => {
      socket.destroy()
      await closed
    }
  }
}
