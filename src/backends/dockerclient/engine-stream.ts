import { ServiceError } from '../../service/index.ts'
import { MAX_ERROR_BYTES, unavailable } from './engine-error.ts'
import { JsonSplitter } from './json-splitter.ts'
import type { IncomingMessage } from 'node:http'

export interface EngineStreamInit {
  readonly signal: AbortSignal
  /** For errors: what was asked. */
  readonly what: string
  assertAlive(): Promise<void>
}

/** The body of an answer, as it comes: it is read at the pace of whoever reads. */
export class EngineStream {
  readonly response: IncomingMessage
  readonly #init: EngineStreamInit

  constructor (response: IncomingMessage, init: EngineStreamInit) {
    this.response = response
    this.#init = init
    response.on('error', () => {}) // who reads is told

    const onAbort = (): void => { this.destroy() }

    init.signal.addEventListener('abort', onAbort, { once: true })
    response.once('close', () => { init.signal.removeEventListener('abort', onAbort) })

    if (init.signal.aborted) {
      onAbort()
    }
  }

  /** Nobody wants the rest. */
  destroy (): void {
    this.response.destroy()
  }

  /**
   * Up to the end. Leaving early destroys it.
   *
   * @throws ServiceError Unavailable when the connection was lost before the end; the signal's reason
   */
  async * chunks (): AsyncGenerator<Uint8Array, void> {
    const { response } = this
    const { signal, what } = this.#init

    try {
      yield * response as AsyncIterable<Uint8Array>
    } catch (thrown) {
      signal.throwIfAborted()
      throw unavailable(`the connection broke in the middle of the answer to ${what}`, thrown)
    }

    signal.throwIfAborted()

    if (!response.complete) {
      throw unavailable(`the connection ended in the middle of the answer to ${what}`)
    }

    if (response.headers['transfer-encoding'] == null && response.headers['content-length'] == null && hasBody(response)) {
      await this.#init.assertAlive() // its end is that of the connection, which may be the engine's own
    }
  }

  /** The JSON objects in it. @throws as `chunks`; ServiceError ServiceFailed, MessageTooLarge */
  async * values (): AsyncGenerator<string, void> {
    const splitter = new JsonSplitter()

    for await (const chunk of this.chunks()) {
      yield * splitter.push(chunk)
    }

    if (splitter.isWithin) {
      throw unavailable(`the answer to ${this.#init.what} ended in the middle of a JSON object`)
    }
  }

  /** All of it. @throws as `chunks`; ServiceError MessageTooLarge */
  async text (maxBytes: number): Promise<string> {
    const parts: Uint8Array[] = []
    let length = 0

    for await (const chunk of this.chunks()) {
      length += chunk.byteLength

      if (length > maxBytes) {
        throw new ServiceError('MessageTooLarge', `wanted an answer of at most ${maxBytes} bytes to ${this.#init.what}`)
      }

      parts.push(chunk)
    }

    return Buffer.concat(parts).toString()
  }
}

function hasBody ({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode !== 204 && statusCode !== 304
}

/** What the engine says about an error; what could not be read of it is left out. */
export async function readErrorText (stream: EngineStream): Promise<string> {
  let text = ''

  try {
    for await (const chunk of stream.chunks()) {
      text += Buffer.from(chunk).toString()

      if (text.length > MAX_ERROR_BYTES) {
        break
      }
    }
  } catch {
    // the status is there
  }

  return text
}
