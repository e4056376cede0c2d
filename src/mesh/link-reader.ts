import { toError } from '../base/index.ts'
import type { Stream } from '../swarm/index.ts'

export interface ReaderEvents {
  onData(bytes: Uint8Array): void
  onEnd(): void
  /** Nothing more comes, as the stream failed; after all that had arrived. */
  onReadError(error: Error): void
}

/** Makes calls of the waiting reads of a stream, while they are wanted. */
export class LinkReader {
  readonly #stream: Stream
  readonly #events: ReaderEvents
  #isWanted = false
  #isReading = false
  #isDone = false
  /** Read while nobody wanted it; null is the end. */
  #held: Uint8Array | null | undefined

  constructor (stream: Stream, events: ReaderEvents) {
    this.#stream = stream
    this.#events = events
  }

  /** Whether the end or the failure of the stream was told. */
  get isDone (): boolean {
    return this.#isDone
  }

  get holdsBytes (): boolean {
    return this.#held != null
  }

  pause (): void {
    this.#isWanted = false
  }

  resume (): void {
    this.#isWanted = true
    this.#deliver()

    if (this.#isWanted && !this.#isDone && !this.#isReading) {
      void this.#read()
    }
  }

  /** Tells nothing any more. */
  stop (): void {
    this.#isWanted = false
    this.#isDone = true
    this.#held = undefined
  }

  async #read (): Promise<void> {
    this.#isReading = true

    try {
      while (this.#isWanted && !this.#isDone) {
        this.#held = await this.#stream.read()
        this.#deliver()
      }
    } catch (thrown) {
      if (!this.#isDone) {
        this.#isDone = true
        this.#events.onReadError(toError(thrown))
      }
    } finally {
      this.#isReading = false
    }
  }

  #deliver (): void {
    const held = this.#held

    if (held === undefined || !this.#isWanted || this.#isDone) {
      return
    }

    this.#held = undefined

    if (held == null) {
      this.#isDone = true
      this.#events.onEnd()
    } else {
      this.#events.onData(held)
    }
  }
}
