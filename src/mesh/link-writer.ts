import { concat } from '../base/index.ts'
import type { Stream } from '../swarm/index.ts'

/** What may wait to leave before `write` asks to wait. */
const MAX_WAITING_BYTES = 64 * 1024

/** A chunk as large as this is written as it is; smaller ones are put together. */
const LARGE_CHUNK_BYTES = 16 * 1024

export interface WriterEvents {
  onRoom(): void
}

/** Makes waiting writes of calls: what had to wait leaves together. */
export class LinkWriter {
  readonly #stream: Stream
  readonly #events: WriterEvents
  #queue: Uint8Array[] = []
  /** In the queue and on the way. */
  #waitingBytes = 0
  #owesRoom = false
  #isEnding = false
  #isStopped = false
  #flushing: Promise<void> | undefined

  constructor (stream: Stream, events: WriterEvents) {
    this.#stream = stream
    this.#events = events
  }

  write (bytes: Uint8Array): boolean {
    if (this.#isEnding || this.#isStopped) {
      return true
    }

    if (this.#flushing == null && this.#tryWrite(bytes)) {
      return true
    }

    this.#queue.push(bytes)
    this.#waitingBytes += bytes.byteLength
    this.#owesRoom ||= this.#waitingBytes >= MAX_WAITING_BYTES
    this.#flushing ??= this.#flush()

    return !this.#owesRoom
  }

  end (): void {
    if (!this.#isEnding && !this.#isStopped) {
      this.#isEnding = true
      this.#flushing ??= this.#flush()
    }
  }

  /** Writes nothing any more. */
  stop (): void {
    this.#isStopped = true
    this.#queue = []
    this.#waitingBytes = 0

    if (this.#owesRoom) {
      this.#owesRoom = false
      this.#events.onRoom()
    }
  }

  /** The stream gathers what is written in one turn by itself. */
  #tryWrite (bytes: Uint8Array): boolean {
    try {
      return this.#stream.tryWrite(bytes)
    } catch {
      this.stop() // the stream has failed, and says so by its end

      return true
    }
  }

  async #flush (): Promise<void> {
    try {
      await Promise.resolve() // a turn, so that what is written in it is here

      while (this.#queue.length > 0) {
        await this.#writeSome()
      }

      if (this.#isEnding && !this.#isStopped) {
        await this.#stream.closeWrite()
      }
    } catch {
      this.stop() // the stream has failed, and says so by its end
    } finally {
      this.#flushing = undefined
    }
  }

  async #writeSome (): Promise<void> {
    const chunks = takeTogether(this.#queue)
    const [first] = chunks
    const bytes = chunks.length === 1 && first != null ? first : concat(chunks)

    await this.#stream.write(bytes)

    if (this.#isStopped) {
      return
    }

    this.#waitingBytes -= bytes.byteLength

    if (this.#owesRoom && this.#waitingBytes < MAX_WAITING_BYTES) {
      this.#owesRoom = false
      this.#events.onRoom()
    }
  }
}

/** Takes the first chunk, and with it those behind that are small as well. */
function takeTogether (queue: Uint8Array[]): Uint8Array[] {
  let count = 0
  let size = 0

  for (const { byteLength } of queue) {
    if (count > 0 && size + byteLength > LARGE_CHUNK_BYTES) {
      break
    }

    count++
    size += byteLength
  }

  return queue.splice(0, count)
}
