import { once } from 'node:events'
import { WebSocket } from 'ws'
import { sink } from '../byte-pipe.ts'
import { PipeClient } from '../pipe-client.ts'
import { serveWebSockets } from '../websockets.ts'
import type { BytePipe, Purpose } from '../byte-pipe.ts'
import type { PipeSource } from '../pipe-client.ts'
import type { System } from '../system.ts'

/** From here on a write waits for the socket. */
const HIGH_WATER_BYTES = 1024 * 1024
/** A WebSocket has no half-closed state: this text stands for the end of a direction. */
const END = 'end'

class WebSocketPipe implements BytePipe {
  readonly #socket: WebSocket

  constructor (socket: WebSocket) {
    this.#socket = socket
  }

  write (bytes: Uint8Array): Promise<void> | undefined {
    if (this.#socket.bufferedAmount < HIGH_WATER_BYTES) {
      this.#socket.send(bytes)

      return undefined
    }

    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, (err) => { err == null ? resolve() : reject(err) })
    })
  }

  end (): void {
    this.#socket.send(END)
  }

  read (onBytes: (bytes: Uint8Array) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.on('message', (data, isBinary) => {
        if (isBinary) {
          onBytes(data as Buffer)
        } else {
          resolve()
        }
      })
      this.#socket.once('close', () => { reject(new Error('the connection was closed')) })
    })
  }
}

class Sockets implements PipeSource {
  readonly streams = 'one'
  readonly #address: string
  readonly #open = new Set<WebSocket>()

  constructor (address: string) {
    this.#address = address
  }

  async open (purpose: Purpose): Promise<BytePipe> {
    const socket = new WebSocket(`${this.#address}/${purpose}`, { perMessageDeflate: false })

    this.#open.add(socket)
    socket.once('close', () => { this.#open.delete(socket) })
    await once(socket, 'open')

    return new WebSocketPipe(socket)
  }

  async close (): Promise<void> {
    await Promise.all(Array.from(this.#open, async (socket) => {
      socket.close()
      await once(socket, 'close')
    }))
  }
}

function serve (socket: WebSocket, purpose: string): void {
  if (purpose === 'sink') {
    sink(new WebSocketPipe(socket)).catch(() => {})
  } else {
    socket.on('message', (data, binary) => { socket.send(data, { binary }) })
  }
}

export const ws: System = {
  name: 'ws',
  about: 'ws in clear over TCP, no compression; a binary message for each write, waiting above 1 MiB of bufferedAmount; with bufferutil, as its README advises',
  packages: ['ws', 'bufferutil'],

  serve: async () => serveWebSockets((socket, { url = '' }) => { serve(socket, url.slice(1)) }, { backlog: 4096 }),

  connect: async (address) => new PipeClient(new Sockets(address))
}
