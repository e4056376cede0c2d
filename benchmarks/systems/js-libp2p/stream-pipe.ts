import { sink } from '../byte-pipe.ts'
import type { BytePipe, Purpose } from '../byte-pipe.ts'
import type { Connection, Stream } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'

const PROTOCOLS: Record<Purpose, string> = { echo: '/bench/echo/1.0.0', sink: '/bench/sink/1.0.0' }
const UNLIMITED = { maxInboundStreams: Infinity, maxOutboundStreams: Infinity }

export class StreamPipe implements BytePipe {
  readonly #stream: Stream

  constructor (stream: Stream) {
    this.#stream = stream
  }

  write (bytes: Uint8Array): Promise<void> | undefined {
    this.#stream.send(bytes)

    return this.#stream.writableNeedsDrain ? this.#drained() : undefined
  }

  async end (): Promise<void> {
    await this.#stream.close()
  }

  read (onBytes: (bytes: Uint8Array) => void): Promise<void> {
    const stream = this.#stream

    stream.addEventListener('message', ({ data }) => { onBytes(data.subarray()) })

    return new Promise((resolve, reject) => {
      stream.addEventListener('end', () => {
        if (stream.status === 'reset' || stream.status === 'aborted') {
          reject(new Error(`the stream is ${stream.status}`))
        } else {
          resolve()
        }
      }, { once: true })
    })
  }

  /** The event tells of the connection, which the stream itself may have filled again by then. */
  async #drained (): Promise<void> {
    while (this.#stream.writableNeedsDrain) {
      await nextDrain(this.#stream)
    }
  }
}

/** Not `onDrain`: that one resolves but once in the life of a stream. */
function nextDrain (stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDrain = (): void => {
      stream.removeEventListener('close', onClose)
      resolve()
    }
    const onClose = (): void => {
      stream.removeEventListener('drain', onDrain)
      reject(new Error('the stream was closed while it was written to'))
    }

    stream.addEventListener('drain', onDrain, { once: true })
    stream.addEventListener('close', onClose, { once: true })
  })
}

export async function serve (node: Libp2p): Promise<void> {
  await node.handle(PROTOCOLS.echo, echo, UNLIMITED)
  await node.handle(PROTOCOLS.sink, (stream) => { sink(new StreamPipe(stream)).catch(() => {}) }, UNLIMITED)
}

/** What comes goes back at once: a frame a message, as they were sent. */
function echo (stream: Stream): void {
  stream.addEventListener('message', ({ data }) => { stream.send(data) })
  stream.addEventListener('end', () => { stream.close().catch(() => {}) }, { once: true })
}

export async function openPipe (connection: Connection, purpose: Purpose): Promise<BytePipe> {
  return new StreamPipe(await connection.newStream(PROTOCOLS[purpose], UNLIMITED))
}
