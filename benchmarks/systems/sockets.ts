/* The two ends of systems whose connections are sockets, TCP or TLS: the first byte says what a connection is for. */
import { once } from 'node:events'
import { echoOnce, sink } from './byte-pipe.ts'
import { PipeClient } from './pipe-client.ts'
import { SocketPipe } from './socket-pipe.ts'
import { inParallel } from './work.ts'
import type { BytePipe, Purpose } from './byte-pipe.ts'
import type { PipeSource } from './pipe-client.ts'
import type { Amount, Done } from './system.ts'
import type { AddressInfo, Server, Socket } from 'node:net'

const PURPOSES: readonly Purpose[] = ['echo', 'sink']

/** Of Node's `net` and `tls`, of servers and of connections. */
export const SOCKET_OPTIONS = Object.freeze({ noDelay: true, allowHalfOpen: true })

/** Serves a connection, whatever it is for. */
export function serveSocket (socket: Socket): void {
  socket.on('error', () => {})
  socket.once('readable', () => {
    const purpose = PURPOSES[(socket.read(1) as Buffer | null)?.[0] ?? 0]

    if (purpose === 'sink') {
      sink(new SocketPipe(socket)).catch(() => {})
    } else {
      socket.pipe(socket)
    }
  })
}

/** Resolves with the port. */
export async function listen (server: Server): Promise<number> {
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
  await once(server, 'listening')

  return (server.address() as AddressInfo).port
}

/** Makes a connection that is ready for use. */
export type Dial = () => Promise<Socket>

class Sockets implements PipeSource {
  readonly streams = 'one'
  readonly dial: Dial
  readonly #open = new Set<Socket>()

  constructor (dial: Dial) {
    this.dial = dial
  }

  async open (purpose: Purpose): Promise<BytePipe> {
    const socket = await dialFor(this.dial, purpose)

    this.#open.add(socket)
    socket.once('close', () => { this.#open.delete(socket) })

    return new SocketPipe(socket)
  }

  async close (): Promise<void> {
    this.#open.forEach((socket) => socket.destroy())
  }
}

export class SocketClient extends PipeClient<Sockets> {
  constructor (dial: Dial) {
    super(new Sockets(dial))
  }

  connections (amount: Amount, parallel: number): Promise<Done> {
    return inParallel(amount, parallel, () => echoOverNew(this.source.dial))
  }

  async idleConnections (count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.source.open('echo')
    }
  }
}

/** A connection, an echo, and the end. */
export async function echoOverNew (dial: Dial): Promise<void> {
  const socket = await dialFor(dial, 'echo')

  await echoOnce(new SocketPipe(socket))
  socket.destroy()
}

async function dialFor (dial: Dial, purpose: Purpose): Promise<Socket> {
  const socket = await dial()

  socket.write(Uint8Array.of(PURPOSES.indexOf(purpose)))

  return socket
}
