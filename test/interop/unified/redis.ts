import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

export type Reply = string | number | null | Reply[]

/** What Redis refused. Its message begins with the kind, as in `WRONGTYPE …`. */
export class RedisError extends Error {}

/**
 * Asks a Redis server, one command after the other, in RESP2
 * (https://redis.io/docs/latest/develop/reference/protocol-spec). The few commands that the tests need do
 * not warrant a package.
 */
export class Redis implements Disposable {
  readonly #socket: Socket
  readonly #chunks: AsyncIterator<Buffer>
  #buffer = Buffer.alloc(0)

  private constructor (socket: Socket) {
    this.#socket = socket
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  }

  /** @param address - host and port */
  static async connect (address: string, signal?: AbortSignal): Promise<Redis> {
    const colon = address.lastIndexOf(':')
    const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), ...signal == null ? {} : { signal } })

    await once(socket, 'connect')
    socket.on('error', () => {}) // whoever reads is told

    return new Redis(socket)
  }

  async send (...words: string[]): Promise<Reply> {
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)

    this.#socket.write(`*${words.length}\r\n${parts.join('')}`)

    return this.#reply()
  }

  async #reply (): Promise<Reply> {
    const line = await this.#line()
    const rest = line.slice(1)

    switch (line[0]) {
      case '+':
        return rest
      case ':':
        return Number(rest)
      case '$':
        return rest === '-1' ? null : this.#bulk(Number(rest))
      case '*':
        return rest === '-1' ? null : this.#array(Number(rest))
      case '-':
        throw new RedisError(rest)
      default:
        throw new RedisError(`wanted a reply of RESP2, received ${line}`)
    }
  }

  async #array (count: number): Promise<Reply[]> {
    const items: Reply[] = []

    while (items.length < count) {
      items.push(await this.#reply())
    }

    return items
  }

  async #bulk (length: number): Promise<string> {
    while (this.#buffer.length < length + 2) {
      await this.#more()
    }

    return this.#take(length)
  }

  async #line (): Promise<string> {
    let end = this.#buffer.indexOf('\r\n')

    while (end < 0) {
      await this.#more()
      end = this.#buffer.indexOf('\r\n')
    }

    return this.#take(end)
  }

  /** So many bytes as text, without the end of line behind them. */
  #take (length: number): string {
    const text = this.#buffer.toString('utf8', 0, length)

    this.#buffer = this.#buffer.subarray(length + 2)

    return text
  }

  async #more (): Promise<void> {
    const { value, done } = await this.#chunks.next()

    if (done === true) {
      throw new RedisError('Redis ended the connection')
    }

    this.#buffer = Buffer.concat([this.#buffer, value])
  }

  [Symbol.dispose] (): void {
    this.#socket.destroy()
  }
}
