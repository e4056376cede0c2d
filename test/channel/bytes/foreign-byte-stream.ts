import type { ByteStream, CallOptions, ReasonInput } from '../../../src/channel/contract/index.ts'

/** A byte stream that is of no class of ours, as users may write one. */
export class ForeignByteStream implements ByteStream {
  readonly #inner: ByteStream

  constructor (inner: ByteStream) {
    this.#inner = inner
  }

  get closed (): Promise<Error | undefined> {
    return this.#inner.closed
  }

  get readable (): ReadableStream<Uint8Array> {
    throw new Error('nobody asks for this')
  }

  get writable (): WritableStream<Uint8Array> {
    throw new Error('nobody asks for this')
  }

  async read (options?: CallOptions): Promise<Uint8Array | null> {
    return this.#inner.read(options)
  }

  async write (bytes: Uint8Array | string, options?: CallOptions): Promise<void> {
    await this.#inner.write(bytes, options)
  }

  async end (bytes?: Uint8Array | string, options?: CallOptions): Promise<void> {
    await this.#inner.end(bytes, options)
  }

  async closeWrite (): Promise<void> {
    await this.#inner.closeWrite()
  }

  closeRead (reason?: ReasonInput): void {
    this.#inner.closeRead(reason)
  }

  async close (options?: CallOptions): Promise<void> {
    await this.#inner.close(options)
  }

  reset (reason?: ReasonInput): void {
    this.#inner.reset(reason)
  }

  async bytes (options?: CallOptions & { maxBytes?: number }): Promise<Uint8Array> {
    return this.#inner.bytes(options)
  }

  async text (options?: CallOptions & { maxBytes?: number }): Promise<string> {
    return this.#inner.text(options)
  }

  [Symbol.asyncIterator] (): AsyncIterator<Uint8Array, void> {
    return this.#inner[Symbol.asyncIterator]()
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.#inner.close()
  }
}
