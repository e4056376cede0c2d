import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { listen, serveSocket, SOCKET_OPTIONS, SocketClient } from '../sockets.ts'
import type { System } from '../system.ts'

/** What the machine and Node do without any protocol. */
export const rawTcp: System = {
  name: 'raw TCP',
  about: 'node:net, no security, noDelay, corked within a tick; a connection is a stream',
  packages: [],

  async serve () {
    const server = createServer(SOCKET_OPTIONS, serveSocket)
    const port = await listen(server)

    return { address: String(port), close: async () => { server.close() } }
  },

  async connect (address) {
    return new SocketClient(async () => {
      const socket = connect({ ...SOCKET_OPTIONS, host: '127.0.0.1', port: Number(address) })

      await once(socket, 'connect')

      return socket
    })
  }
}
