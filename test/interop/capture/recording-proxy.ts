import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

export type Role = 'dialer' | 'listener'

/** What one end has sent at once. */
export interface Chunk {
  readonly from: Role
  readonly bytes: Buffer
}

/** Stands between a dialer and a listener on 127.0.0.1, and keeps what each sends, in the order in which it passes on. */
export class RecordingProxy implements AsyncDisposable {
  readonly chunks: Chunk[] = []
  readonly #server: Server
  readonly #sockets: Socket[] = []
  #port = 0
  #outgoingPort = 0
  readonly #ended = Promise.withResolvers<undefined>()

  private constructor (targetPort: number) {
    this.#server = createServer((dialer) => {
      const listener = connect(targetPort, '127.0.0.1')

      this.#server.close() // for this one connection only
      listener.on('connect', () => { this.#outgoingPort = listener.localPort ?? 0 })
      this.#forward(dialer, listener, 'dialer')
      this.#forward(listener, dialer, 'listener')
    })
  }

  static async start (targetPort: number): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(targetPort)

    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    proxy.#port = (proxy.#server.address() as AddressInfo).port

    return proxy
  }

  /** Where the dialer dials. */
  get port (): number {
    return this.#port
  }

  /** From where the listener is dialled. */
  get outgoingPort (): number {
    return this.#outgoingPort
  }

  /** Resolves when both ends have ended. */
  get ended (): Promise<undefined> {
    return this.#ended.promise
  }

  #forward (source: Socket, target: Socket, from: Role): void {
    this.#sockets.push(source)
    source.setNoDelay()
    source.on('data', (bytes) => {
      this.chunks.push({ from, bytes })
      target.write(bytes)
    })
    source.on('end', () => { target.end() })
    source.on('error', () => { target.destroy() })
    source.on('close', () => {
      if (this.#sockets.every(({ destroyed }) => destroyed)) {
        this.#ended.resolve(undefined)
      }
    })
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    if (this.#server.listening) {
      this.#server.close()
    }

    for (const socket of this.#sockets.filter(({ destroyed }) => !destroyed)) {
      socket.destroy()
      await once(socket, 'close')
    }
  }
}
