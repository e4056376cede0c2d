import { toError } from '../../base/index.ts'
import { ByteQueue } from './byte-queue.ts'
import type { FrameReader } from './frame-reader.ts'
import type { MessageScanner } from '../contract/index.ts'

/** Reads messages that lie one behind the other and delimit themselves; spec-channel 11.3. */
export class ValueReader implements FrameReader {
  readonly #scanner: MessageScanner
  readonly #queue = new ByteQueue()
  /** Chunks that the message in front goes through as a whole, and the bytes of it in those. */
  #scannedChunks = 0
  #scannedBytes = 0
  /** Within the chunk behind those: the last one may grow. */
  #scannedTo = 0
  /** Of the message in front; -1 while it is not there as a whole. */
  #size = -1
  #failure: Error | undefined

  constructor (scanner: MessageScanner) {
    this.#scanner = scanner
  }

  get buffered (): number {
    return this.#queue.length
  }

  push (bytes: Uint8Array): void {
    this.#queue.push(bytes)
  }

  hasNext (): boolean {
    if (this.#size >= 0 || this.#failure != null) {
      return true
    }

    try {
      return this.#find()
    } catch (error) {
      this.#failure = toError(error)

      return true
    }
  }

  hasEnd (): boolean {
    return this.hasNext() && this.#failure != null
  }

  next (): Uint8Array | undefined {
    if (!this.hasNext()) {
      return undefined
    }

    if (this.#failure != null) {
      throw this.#failure
    }

    const message = this.#queue.take(this.#size)

    this.#size = -1

    return message
  }

  clear (): void {
    this.#queue.clear()
    this.#scannedChunks = 0
    this.#scannedBytes = 0
    this.#scannedTo = 0
    this.#size = -1
  }

  #find (): boolean {
    while (this.#scannedChunks < this.#queue.count) {
      const chunk = this.#queue.chunk(this.#scannedChunks)
      const start = Math.max(this.#scannedTo, this.#scannedChunks === 0 ? this.#queue.offset : 0)
      const end = start < chunk.byteLength ? this.#scanner.scan(chunk, start) : -1

      if (end !== -1) {
        this.#size = this.#scannedBytes + end - start
        this.#scannedChunks = 0
        this.#scannedBytes = 0
        this.#scannedTo = 0

        return true
      }

      this.#scannedBytes += chunk.byteLength - start

      if (this.#scannedChunks === this.#queue.count - 1) {
        this.#scannedTo = chunk.byteLength

        return false
      }

      this.#scannedChunks++
      this.#scannedTo = 0
    }

    return false
  }
}
