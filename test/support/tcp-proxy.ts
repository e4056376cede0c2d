import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, IpcNetConnectOpts, ListenOptions, Socket, TcpNetConnectOpts } from 'node:net'

/** Stands between two sides, and passes on what they say until it is told to break their connection. */
export interface TcpProxy extends AsyncDisposable {
  /** 0 for one at a path. */
  readonly port: number
  /** `reset` breaks all connections at once; `end` ends them in both directions as if the other side had. */
  cut (how: 'reset' | 'end'): void
}

/** A proxy at a port of its own, or at a path, to a port or a path. */
export async function tcpProxy (target: TcpNetConnectOpts | IpcNetConnectOpts, at: ListenOptions = { port: 0, host: '127.0.0.1' }): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (client) => { join(client, connect({ ...target, allowHalfOpen: true }), sockets) })

  server.listen(at)
  await once(server, 'listening')

  const address = server.address()

  return {
    port: typeof address === 'object' ? (address as AddressInfo).port : 0,
    cut (how) { sockets.forEach((socket) => { cut(socket, how) }) },
    async [Symbol.asyncDispose] () {
      sockets.forEach((socket) => { socket.destroy() })
      server.close()
      await once(server, 'close')
    }
  }
}

function join (client: Socket, server: Socket, sockets: Set<Socket>): void {
  for (const [from, to] of [[client, server], [server, client]] as const) {
    sockets.add(from)
    from.setNoDelay()
    from.on('error', () => { to.destroy() }) // the other side learns of it by the end of its own connection
    from.on('close', () => {
      sockets.delete(from)
      to.end()
    })
    from.pipe(to)
  }
}

function cut (socket: Socket, how: 'reset' | 'end'): void {
  socket.unpipe()

  if (how === 'reset') {
    // a unix socket knows no reset
    socket.remoteFamily == null ? socket.destroy() : socket.resetAndDestroy()
  } else {
    socket.resume() // or it would never learn that the other side has ended, too
    socket.end()
  }
}
