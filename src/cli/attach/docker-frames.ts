import type { ByteStream } from '../../channel/index.ts'

/** What says that bytes are frames; without it they are what they are. */
export const MULTIPLEXED = 'application/vnd.docker.multiplexed-stream'

const HEADER_BYTES = 8
const STDERR = 2

/** A part of one of the streams that share the bytes. */
export interface Part {
  readonly isStderr: boolean
  readonly bytes: Uint8Array
}

/**
 * Takes the streams of a container apart: frames of a byte for the stream, three that are 0, and the length. Parts are given as
 * they come; a frame is never kept whole.
 *
 * @throws Error when the bytes end within a frame
 */
export async function * readFrames (source: Pick<ByteStream, 'read'>, signal: AbortSignal): AsyncGenerator<Part, void> {
  const splitter = new FrameSplitter()

  for (let chunk = await source.read({ signal }); chunk != null; chunk = await source.read({ signal })) {
    yield * splitter.push(chunk)
  }

  splitter.end()
}

class FrameSplitter {
  readonly #header = new Uint8Array(HEADER_BYTES)
  /** Bytes of the header that are there. */
  #filled = 0
  /** Bytes of the frame that are to come. */
  #left = 0

  end (): void {
    if (this.#left > 0 || this.#filled > 0) {
      throw new Error(`the stream of the container ended within a frame: ${this.#left > 0 ? `${this.#left} bytes are missing` : 'its header is not whole'}`)
    }
  }

  * push (chunk: Uint8Array): Generator<Part, void> {
    for (let rest = chunk; rest.byteLength > 0;) {
      const part = rest.subarray(0, this.#left > 0 ? this.#left : HEADER_BYTES - this.#filled)

      rest = rest.subarray(part.byteLength)

      if (this.#left > 0) {
        this.#left -= part.byteLength
        yield { isStderr: this.#header[0] === STDERR, bytes: part }
      } else {
        this.#takeHeader(part)
      }
    }
  }

  #takeHeader (part: Uint8Array): void {
    this.#header.set(part, this.#filled)
    this.#filled += part.byteLength

    if (this.#filled === HEADER_BYTES) {
      this.#filled = 0
      this.#left = new DataView(this.#header.buffer).getUint32(4)
    }
  }
}
