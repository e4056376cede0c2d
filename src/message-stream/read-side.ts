import { ReadQueue } from './read-queue.ts'
import type { MessageReader, ReadEnd, ReadSource } from './message-reader.ts'
import type { MessageStreamReadStatus } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

const NO_READERS: readonly MessageReader[] = []

/** What the reading half asks of its stream. */
export interface ReadSideHost {
  readonly readStatus: MessageStreamReadStatus
  /** Whether somebody takes what has arrived, besides iterators. */
  readonly hasTaker: boolean
  /** How reading ended, once nothing is unread; undefined while there may be more. */
  readonly readEnd: ReadEnd | undefined
  tellMessage(bytes: Uint8ArrayList): void
  /** So many bytes of the peer have been delivered or thrown away. */
  onConsumed(bytes: number): void
  /** Nothing is unread and nothing will come. May be told more than once. */
  onReadEnd(): void
}

/**
 * The reading half of a stream: brings what has arrived to listeners and iterators, in order, when all
 * of them want it.
 */
export class ReadSide implements ReadSource {
  readonly #host: ReadSideHost
  readonly #unread = new ReadQueue()
  /** Of the unread bytes, those that a consumer has put back. */
  #putBack = 0
  #readers = NO_READERS
  #isDelivering = false

  constructor (host: ReadSideHost) {
    this.#host = host
  }

  get byteLength (): number {
    return this.#unread.byteLength
  }

  get readerCount (): number {
    return this.#readers.length
  }

  /** Bytes of the peer have arrived; `deliver` follows. */
  receive (bytes: Uint8Array): void {
    this.#unread.push(bytes)
  }

  /** Takes back what a consumer had, in front of all else or behind it. */
  takeBack (bytes: Uint8Array | Uint8ArrayList, where: 'front' | 'back'): void {
    if (where === 'front') {
      this.#unread.unshift(bytes)
    } else {
      this.#unread.push(bytes)
    }

    this.#putBack += bytes.byteLength
    this.deliverSoon()
  }

  /** Gives what is unread to whoever wants it, and tells of the end behind it. */
  deliver (): void {
    if (this.#isDelivering) {
      return // the loop below goes on, in order, when the listener that brought us here returns
    }

    this.#isDelivering = true

    try {
      while (this.#isWanted) {
        this.#deliverAll()
      }
    } finally {
      this.#isDelivering = false
    }

    this.tellEnd()
  }

  deliverSoon (): void {
    queueMicrotask(() => { this.deliver() })
  }

  /** What nobody wants stays for longer. */
  keep (): void {
    this.#unread.keep()
  }

  /** Throws away what is unread. */
  drop (): void {
    const received = this.#unread.byteLength - this.#putBack

    this.#putBack = 0
    this.#unread.clear()
    this.#host.onConsumed(received)
    this.tellEnd()
  }

  tellEnd (): void {
    const end = this.#unread.byteLength > 0 ? undefined : this.#host.readEnd

    if (end == null) {
      return
    }

    this.#host.onReadEnd()

    for (const reader of this.#readers) {
      reader.end(end)
    }
  }

  addReader (reader: MessageReader): void {
    this.#readers = this.#readers.concat(reader)
  }

  removeReader (reader: MessageReader): void {
    this.#readers = this.#readers.filter((other) => other !== reader)
    this.deliverSoon() // others may have waited for this one
  }

  get #isWanted (): boolean {
    if (this.#unread.byteLength === 0 || this.#host.readStatus === 'paused') {
      return false
    }

    return this.#readers.length === 0 ? this.#host.hasTaker : this.#readers.every(({ isHungry }) => isHungry)
  }

  #deliverAll (): void {
    const readers = this.#readers
    const bytes = this.#unread.takeAll()
    const received = bytes.byteLength - this.#putBack

    this.#putBack = 0
    this.#host.tellMessage(bytes)

    for (const reader of readers) {
      reader.give(bytes)
    }

    this.#host.onConsumed(received)
  }
}
