import { CodedError, raceSignal, toError } from '../../base/index.ts'
import { concat } from './multistream-codec.ts'
import { closedForWriting, toStreamError } from './stream-error.ts'
import type { MessageStream } from '@libp2p/interface'

/** Writes that may wait for room on one stream; whoever has more does not wait for `write`. */
export const MAX_WAITING_WRITES = 1024

/** A write is handed on in pieces of this size, so that a large one does not escape the flow control. */
const WRITE_PIECE_BYTES = 256 * 1024

/** The writing half of a port: writes go out one after the other, each when there is room. */
export class PortWriter {
  bytesWritten = 0

  readonly #raw: MessageStream
  readonly #onWrite: ((bytes: number) => void) | undefined
  #error: Error | undefined
  #ended = false
  #prefix: { bytes: Uint8Array, onSent(): void } | undefined
  #wake: (() => void) | undefined
  #lastTurn: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor (raw: MessageStream, onWrite?: (bytes: number) => void) {
    this.#raw = raw
    this.#onWrite = onWrite
  }

  get error (): Error | undefined {
    return this.#error
  }

  /** Whether our direction has ended, or is ending. */
  get ended (): boolean {
    return this.#ended
  }

  async write (bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.#assertOpen()

    // the common case: nobody before us, and room
    if (this.#waiting === 0 && bytes.byteLength <= WRITE_PIECE_BYTES && this.#hasRoom) {
      this.sendNow(bytes)
      return
    }

    await this.#inTurn(async () => {
      for (let from = 0; from < bytes.byteLength; from += WRITE_PIECE_BYTES) {
        await this.#room(signal)
        this.sendNow(bytes.subarray(from, from + WRITE_PIECE_BYTES))
      }
    })
  }

  /** Goes out in front of the first bytes, in one message with them. */
  setPrefix (bytes: Uint8Array, onSent: () => void): void {
    this.#prefix = { bytes, onSent }
  }

  /** Sends the prefix, if it waits for bytes still. */
  flushPrefix (): void {
    if (this.#prefix != null && this.#error == null && !this.#ended) {
      this.sendNow(new Uint8Array(0))
    }
  }

  /** Sends without waiting for room. */
  sendNow (bytes: Uint8Array): void {
    this.#assertOpen()

    const prefix = this.#prefix
    const message = prefix == null ? bytes : concat([prefix.bytes, bytes])

    this.#prefix = undefined

    try {
      this.#raw.send(message)
    } catch (thrown) {
      throw this.#error ?? toStreamError(toError(thrown), true)
    }

    this.bytesWritten += message.byteLength
    this.#onWrite?.(message.byteLength)
    prefix?.onSent()
  }

  /** Ends our direction after all that was written. Does nothing the second time. */
  async end (signal?: AbortSignal): Promise<void> {
    if (this.#ended || this.#error != null) {
      return
    }

    await this.#inTurn(async () => {
      if (this.#ended || this.#error != null) {
        return
      }

      this.flushPrefix()
      this.#ended = true

      try {
        await raceSignal(this.#raw.close(signal == null ? {} : { signal }), signal)
      } catch (thrown) {
        signal?.throwIfAborted()
        throw this.#error ?? toStreamError(toError(thrown), true)
      }
    })
  }

  /** Whether the next write need not wait. */
  get hasRoom (): boolean {
    return this.#waiting === 0 && this.#hasRoom
  }

  /** There may be room. */
  wake (): void {
    this.#wake?.()
  }

  fail (error: Error): void {
    this.#error ??= error
    this.#wake?.()
  }

  get #hasRoom (): boolean {
    return !this.#raw.writableNeedsDrain && this.#raw.writeBufferLength === 0
  }

  #assertOpen (): void {
    if (this.#error != null) {
      throw this.#error
    }

    if (this.#ended) {
      throw closedForWriting()
    }
  }

  /** Runs one after the other, in the order of the calls. */
  async #inTurn (fn: () => Promise<void>): Promise<void> {
    if (this.#waiting >= MAX_WAITING_WRITES) {
      throw new CodedError('ResourceLimit', `too many writes wait on one stream: ${this.#waiting} of ${MAX_WAITING_WRITES}; await each write before the next`)
    }

    this.#waiting++

    const turn = this.#lastTurn.then(fn).finally(() => { this.#waiting-- })

    this.#lastTurn = turn.catch(() => {})
    await turn
  }

  async #room (signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    this.#assertOpen()

    while (!this.#hasRoom) {
      const { promise, resolve } = Promise.withResolvers<void>()

      this.#wake = resolve

      try {
        await raceSignal(promise, signal)
      } finally {
        this.#wake = undefined
      }

      this.#assertOpen()
    }
  }
}
