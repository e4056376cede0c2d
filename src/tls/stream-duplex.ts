import { Duplex } from 'node:stream'
import { chunksOf, toError } from '../base/index.ts'
import type { MessageStream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'

type Callback = (error?: Error | null) => void

/**
 * Any stream of libp2p as Node knows streams, for OpenSSL to run over it. Each side waits for the other:
 * reading stops when nobody takes, and a write ends when there is room.
 */
export class StreamDuplex extends Duplex {
  readonly #stream: MessageStream
  #onRoom: Callback | undefined

  constructor (stream: MessageStream) {
    // the end of a connection is that of both directions
    super({ allowHalfOpen: false })
    this.#stream = stream
    stream.addEventListener('message', this.#onMessage)
    stream.addEventListener('drain', this.#onDrain)
    stream.addEventListener('remoteCloseWrite', this.#onRemoteEnd)
    stream.addEventListener('close', this.#onClose)
  }

  override _read (): void {
    if (this.#stream.status === 'open') {
      this.#stream.resume()
    }
  }

  override _write (chunk: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    try {
      if (this.#stream.send(chunk)) {
        callback()
      } else {
        this.#onRoom = callback
      }
    } catch (thrown) {
      callback(toError(thrown))
    }
  }

  override _final (callback: Callback): void {
    this.#stream.close().then(() => { callback() }, callback)
  }

  override _destroy (error: Error | null, callback: Callback): void {
    const stream = this.#stream

    stream.removeEventListener('message', this.#onMessage)
    stream.removeEventListener('drain', this.#onDrain)
    stream.removeEventListener('remoteCloseWrite', this.#onRemoteEnd)
    stream.removeEventListener('close', this.#onClose)
    this.#endWrite(error)

    if (stream.status === 'open') {
      stream.close().catch((thrown: unknown) => { stream.abort(toError(thrown)) })
    }

    callback(error)
  }

  readonly #onMessage = ({ data }: StreamMessageEvent): void => {
    let isWanted = true

    for (const chunk of chunksOf(data)) {
      isWanted = this.push(chunk)
    }

    if (!isWanted && this.#stream.status === 'open') {
      this.#stream.pause()
    }
  }

  readonly #onDrain = (): void => {
    this.#endWrite(null)
  }

  readonly #onRemoteEnd = (): void => {
    this.push(null)
  }

  readonly #onClose = ({ error }: StreamCloseEvent): void => {
    if (error == null) {
      this.#endWrite(null)
      this.push(null)
    } else {
      this.destroy(error)
    }
  }

  #endWrite (error: Error | null): void {
    const callback = this.#onRoom

    this.#onRoom = undefined
    callback?.(error)
  }
}
