import type { BytePipe } from './byte-pipe.ts'
import type { Duplex } from 'node:stream'

/** A socket, or what looks like one, whose writes of one tick leave together: that is what `cork` is for. */
export class SocketPipe implements BytePipe {
  readonly #socket: Duplex
  readonly #ended: Promise<void>
  #isCorked = false
  #room: { promise: Promise<void>, resolve(): void } | undefined

  constructor (socket: Duplex) {
    this.#socket = socket
    this.#ended = new Promise((resolve, reject) => {
      socket.once('end', resolve)
      socket.once('error', reject)
      socket.once('close', () => { reject(new Error('the connection was closed')) })
    })
    this.#ended.catch(() => {}) // whoever reads hears of it
    socket.on('drain', () => {
      this.#room?.resolve()
      this.#room = undefined
    })
  }

  write (bytes: Uint8Array): Promise<void> | undefined {
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#isCorked = false
        this.#socket.uncork()
      })
    }

    return this.#socket.write(bytes) ? undefined : (this.#room ??= Promise.withResolvers<void>()).promise
  }

  end (): void {
    this.#socket.end()
  }

  read (onBytes: (bytes: Uint8Array) => void): Promise<void> {
    this.#socket.on('data', onBytes)

    return this.#ended
  }
}
