import { toError } from '../base/index.ts'
import { adoptByteStream, byteStreamPair } from '../channel/index.ts'
import { chunksOf } from './handle-input.ts'
import type { ByteStream } from '../channel/index.ts'

/** Bytes that have passed, and how they ended if that was not well. */
export interface ByteCount {
  readonly bytes: number
  /** Those of the other direction, so far. */
  readonly back: number
  readonly error: Error | undefined
}

export interface CountedBytes {
  /** In place of the stream. */
  readonly stream: ByteStream
  /** Resolves when what is read here has ended, and never rejects. The other direction may go on. */
  readonly counted: Promise<ByteCount>
  /** Ends both at once. */
  abort(reason: Error): void
}

/** Counts the bytes of a stream as they pass, with the back-pressure and the ends of both sides. It owns `original`. */
export function countBytes (original: ByteStream): CountedBytes {
  const [near, far] = byteStreamPair()
  const joint = new Joint(original, near)

  if (adoptByteStream(original)?.direction === 'readable') {
    void far.closeWrite()
  }

  return { stream: far, counted: joint.run(), abort: (reason) => { joint.abort(reason) } }
}

class Joint {
  readonly #original: ByteStream
  readonly #near: ByteStream
  #bytes = 0
  #back = 0
  #error: Error | undefined

  constructor (original: ByteStream, near: ByteStream) {
    this.#original = original
    this.#near = near
  }

  async run (): Promise<ByteCount> {
    // one side may be lost, or want no more, while nothing comes from the other
    for (const end of [this.#original, this.#near]) {
      void end.closed.then((error) => { this.abort(error) })
    }

    void this.#pump(this.#near, this.#original, (bytes) => { this.#back += bytes })
    await this.#pump(this.#original, this.#near, (bytes) => { this.#bytes += bytes })

    return { bytes: this.#bytes, back: this.#back, error: this.#error }
  }

  abort (error: Error | undefined): void {
    if (error != null && this.#error == null) {
      this.#error = error
      this.#original.reset(error)
      this.#near.reset(error)
    }
  }

  async #pump (from: ByteStream, to: ByteStream, onBytes: (bytes: number) => void): Promise<void> {
    try {
      for await (const chunk of chunksOf(from)) {
        onBytes(chunk.byteLength)
        await to.write(chunk)
      }

      await to.end()
    } catch (thrown) {
      this.abort(toError(thrown))
    }
  }
}
