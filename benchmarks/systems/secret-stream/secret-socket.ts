/* Sockets with a Noise handshake (XX) of both ends, whose messages arrive as they were written. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import SecretStream from '@hyperswarm/secret-stream'
import type { ServerEnd } from '../system.ts'
import type { KeyPair } from '@hyperswarm/secret-stream'
import type { AddressInfo } from 'node:net'

export async function listen (serve: (stream: SecretStream) => void): Promise<ServerEnd> {
  const keyPair = SecretStream.keyPair()
  const open = new Set<SecretStream>()
  const server = createServer({ noDelay: true }, (socket) => {
    const stream = new SecretStream(false, socket, { keyPair })

    open.add(stream)
    stream.on('error', () => {})
    stream.once('close', () => { open.delete(stream) })
    serve(stream)
  })

  server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 })
  await once(server, 'listening')

  return {
    address: `${(server.address() as AddressInfo).port} ${keyPair.publicKey.toString('hex')}`,

    async close () {
      open.forEach((stream) => { stream.destroy() })
      server.close()
      await once(server, 'close')
    }
  }
}

/** Dials one server with one identity, and keeps what is open. */
export class Dialer {
  readonly #port: number
  readonly #serverKey: string
  readonly #keyPair: KeyPair = SecretStream.keyPair()
  readonly #open = new Set<SecretStream>()

  constructor (address: string) {
    const [port, key = ''] = address.split(' ')

    this.#port = Number(port)
    this.#serverKey = key
  }

  async dial (): Promise<SecretStream> {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true })
    const stream = new SecretStream(true, socket, { keyPair: this.#keyPair })

    this.#open.add(stream)
    stream.on('error', () => {})
    stream.once('close', () => { this.#open.delete(stream) })
    await stream.opened

    if (stream.remotePublicKey?.toString('hex') !== this.#serverKey) {
      throw new Error('the server has another key')
    }

    return stream
  }

  async close (): Promise<void> {
    await Promise.all(Array.from(this.#open, async (stream) => {
      stream.destroy()
      await once(stream, 'close')
    }))
  }
}
