import { echoOnce, sink } from '../byte-pipe.ts'
import { PipeClient } from '../pipe-client.ts'
import { inParallel } from '../work.ts'
import { Dialer, listen } from './secret-socket.ts'
import type { BytePipe, Purpose } from '../byte-pipe.ts'
import type { PipeSource } from '../pipe-client.ts'
import type { Amount, Done, System } from '../system.ts'
import type SecretStream from '@hyperswarm/secret-stream'

/** The first message of a stream says what it is for; one of a single byte stands for the end of a direction. */
const END = new Uint8Array(1)

class SecretPipe implements BytePipe {
  readonly #stream: SecretStream
  #room: PromiseWithResolvers<void> | undefined

  constructor (stream: SecretStream) {
    this.#stream = stream
    stream.on('drain', () => {
      this.#room?.resolve()
      this.#room = undefined
    })
  }

  write (bytes: Uint8Array): Promise<void> | undefined {
    return this.#stream.write(bytes) ? undefined : (this.#room ??= Promise.withResolvers<void>()).promise
  }

  end (): void {
    this.#stream.write(END)
  }

  read (onBytes: (bytes: Uint8Array) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.on('data', (message: Buffer) => {
        if (message.byteLength > END.byteLength) {
          onBytes(message)
        } else {
          resolve()
        }
      })
      this.#stream.once('close', () => { reject(new Error('the connection was closed')) })
    })
  }
}

class Secrets implements PipeSource {
  readonly streams = 'one'
  readonly #dialer: Dialer

  constructor (address: string) {
    this.#dialer = new Dialer(address)
  }

  async open (purpose: Purpose): Promise<BytePipe> {
    return new SecretPipe(await this.dial(purpose))
  }

  async dial (purpose: Purpose): Promise<SecretStream> {
    const stream = await this.#dialer.dial()

    stream.write(Buffer.from(purpose))

    return stream
  }

  close (): Promise<void> {
    return this.#dialer.close()
  }
}

class Client extends PipeClient<Secrets> {
  connections (amount: Amount, parallel: number): Promise<Done> {
    return inParallel(amount, parallel, async () => {
      const stream = await this.source.dial('echo')

      await echoOnce(new SecretPipe(stream))
      stream.destroy()
    })
  }

  async idleConnections (count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.source.open('echo')
    }
  }
}

function serve (stream: SecretStream): void {
  stream.once('data', (purpose: Buffer) => {
    if (purpose.toString() === 'sink') {
      sink(new SecretPipe(stream)).catch(() => {})
    } else {
      stream.on('data', (message: Buffer) => { stream.write(message) })
    }
  })
}

export const secretStream: System = {
  name: 'secret-stream',
  about: '@hyperswarm/secret-stream over TCP, Noise XX with the keys of both ends, XChaCha20-Poly1305 by sodium-native; a message for each write; one stream a connection',
  packages: ['@hyperswarm/secret-stream', 'sodium-native'],
  serve: () => listen(serve),
  connect: async (address) => new Client(new Secrets(address))
}
