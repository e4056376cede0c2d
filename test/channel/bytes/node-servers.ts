import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { eventually } from '../../support/settle.ts'
import type { AddressInfo, Socket } from 'node:net'

export interface SocketPair extends AsyncDisposable {
  /** Accepted by a server that left its options alone. */
  accepted: Socket
  /** Ends its directions apart. */
  client: Socket
}

/** Two ends of one connection, over TCP on this machine or a unix socket. */
export async function socketPair (path?: string): Promise<SocketPair> {
  const server = createServer({ pauseOnConnect: true })

  await new Promise<void>((resolve) => { server.listen(path ?? { port: 0, host: '127.0.0.1' }, resolve) })

  const target = path == null ? { port: (server.address() as AddressInfo).port, host: '127.0.0.1' } : { path }
  const connection = once(server, 'connection') as Promise<[Socket]>
  const client = connect({ ...target, allowHalfOpen: true })
  const [accepted] = await connection

  server.close()

  return {
    accepted,
    client,
    [Symbol.asyncDispose]: async () => {
      for (const socket of [accepted, client]) {
        socket.on('error', () => {})
        socket.destroy()
      }

      await eventually(() => accepted.closed && client.closed && !server.listening)
    }
  }
}
