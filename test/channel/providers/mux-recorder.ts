import type { ByteLink, LinkEvents } from '../../../src/channel/contract/index.ts'

/** Attaches to a link and keeps what it tells. Starts it, unless it is to stay paused. */
export class LinkRecorder implements LinkEvents {
  readonly link: ByteLink
  /** In their order: `data 5`, `end`, `room`, `close`, `close StreamReset`. */
  readonly events: string[] = []
  /** Whether `data` events are kept by themselves, rather than as bytes only. */
  readonly #chunks: Uint8Array[] = []
  readonly #closed = Promise.withResolvers<Error | undefined>()
  readonly #ended = Promise.withResolvers<void>()
  byteLength = 0
  isClosed = false
  error: Error | undefined
  /** Called with each chunk. */
  onChunk: ((bytes: Uint8Array) => void) | undefined
  /** Whether bytes are kept. */
  isKeeping = true

  constructor (link: ByteLink, { isPaused = false }: { isPaused?: boolean } = {}) {
    this.link = link
    link.attach(this)

    if (!isPaused) {
      link.resume()
    }
  }

  get bytes (): Uint8Array {
    return Buffer.concat(this.#chunks)
  }

  get text (): string {
    return Buffer.concat(this.#chunks).toString()
  }

  /** Resolves with how it closed. */
  get closed (): Promise<Error | undefined> {
    return this.#closed.promise
  }

  /** Resolves when the other side's end was told. */
  get ended (): Promise<void> {
    return this.#ended.promise
  }

  /** The events but for `data`. */
  get signs (): string[] {
    return this.events.filter((event) => !event.startsWith('data'))
  }

  onData (bytes: Uint8Array): void {
    this.#note(`data ${bytes.byteLength}`)
    this.byteLength += bytes.byteLength

    if (this.isKeeping) {
      this.#chunks.push(bytes)
    }

    this.onChunk?.(bytes)
  }

  onEnd (): void {
    this.#note('end')
    this.#ended.resolve()
  }

  onRoom (): void {
    this.#note('room')
  }

  onClose (error?: Error): void {
    const name = error == null ? '' : ` ${'code' in error ? String(error.code) : error.name}`

    this.#note(`close${name}`)
    this.isClosed = true
    this.error = error
    this.#closed.resolve(error)
  }

  #note (event: string): void {
    if (this.isClosed) {
      throw new Error(`${event} came after the close`)
    }

    if (this.isKeeping || !event.startsWith('data')) {
      this.events.push(event)
    }
  }
}
