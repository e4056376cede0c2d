import { chunksOf, stopReading } from '../handle-input.ts'
import type { ByteStream } from '../../channel/index.ts'
import type { Writable } from 'node:stream'

/** Brings bytes to a process, at its pace. What it does not read is thrown away: many read only the beginning. */
export class StdinFeed {
  readonly #stdin: Writable
  #isClosed = false
  /** Whoever waits until there is room, or nobody reads any more. */
  #room: PromiseWithResolvers<void> | undefined
  #source: ByteStream | undefined

  constructor (stdin: Writable) {
    this.#stdin = stdin
    stdin.on('error', () => {}) // EPIPE: it closes
    stdin.on('drain', () => { this.#wake() })
    stdin.once('close', () => {
      this.#isClosed = true
      this.#wake()
      stopReading(this.#source)
    })
  }

  /** Resolves when there is room for more, or no need for it. */
  async write (bytes: Uint8Array | string): Promise<void> {
    if (!this.#isClosed && !this.#stdin.write(bytes) && !this.#isClosed) {
      this.#room ??= Promise.withResolvers()
      await this.#room.promise
    }
  }

  /** All of a byte stream, up to its end. @throws what its `read` does; a reset is no end */
  async pour (source: ByteStream): Promise<void> {
    if (this.#isClosed) {
      return
    }

    this.#source = source

    try {
      for await (const chunk of chunksOf(source)) {
        await this.write(chunk)
      }
    } catch (thrown) {
      // reading ended here, as the process reads no more
      if (!this.#isClosed) {
        throw thrown
      }
    } finally {
      this.#source = undefined
    }
  }

  /** The process sees an end, behind all that was written. */
  end (): void {
    this.#stdin.end()
  }

  #wake (): void {
    this.#room?.resolve()
    this.#room = undefined
  }
}
