import { CodedError, concat, raceSignal } from '../../base/index.ts'
import { closedForWriting } from './stream-error.ts'
import type { MessageStream } from '@libp2p/interface'

/** Writes that may wait for room on one stream; whoever has more does not wait for `write`. */
export const MAX_WAITING_WRITES = 1024

/** A write is handed on in pieces of this size, so that a large one does not escape the flow control. */
const WRITE_PIECE_BYTES = 256 * 1024

export interface PortWriterInit {
  onWrite?: ((bytes: number) => void) | undefined
  /** What the raw stream threw at us, as what it means for this stream. */
  explain(thrown: unknown): Error
  /** The end has left. */
  onEnded(): void
}

/** The writing half of a port: writes go out one after the other, each when there is room. */
export class PortWriter {
  bytesWritten = 0

  readonly #raw: MessageStream
  readonly #init: PortWriterInit
  #error: Error | undefined
  /** What calls get that come too late, while those before them may go on. */
  #refusal: Error | undefined
  #prefix: { bytes: Uint8Array, onSent(): void } | undefined
  #wake: (() => void) | undefined
  #lastTurn: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #ending: Promise<void> | undefined
  #flushing: Promise<void> | undefined
  #hasEnded = false
  #onFail: ((error: Error) => void) | undefined

  constructor (raw: MessageStream, init: PortWriterInit) {
    this.#raw = raw
    this.#init = init
  }

  get error (): Error | undefined {
    return this.#error
  }

  /** Whether our direction has ended, or is ending. */
  get ended (): boolean {
    return this.#ending != null
  }

  /** Whether the end has left, behind all that was written. */
  get hasEnded (): boolean {
    return this.#hasEnded
  }

  /** While the raw stream is asked to let the end leave; never rejects. */
  get flushing (): Promise<void> | undefined {
    return this.#flushing
  }

  async write (bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.#assertOpen()

    // the common case: nobody before us, and room
    if (this.#waiting === 0 && bytes.byteLength <= WRITE_PIECE_BYTES && this.#hasRoom) {
      this.#send(bytes)
      return
    }

    await raceSignal(this.#inTurn(async () => { await this.#sendInPieces(bytes, signal) }), signal)
  }

  /** Goes out in front of the first bytes, in one message with them. */
  setPrefix (bytes: Uint8Array, onSent: () => void): void {
    this.#prefix = { bytes, onSent }
  }

  /** Sends the prefix, if it waits for bytes still. */
  flushPrefix (): void {
    if (this.#error == null && this.#refusal == null) {
      this.#sendPrefix()
    }
  }

  /** Sends without waiting for room. */
  sendNow (bytes: Uint8Array): void {
    this.#assertOpen()
    this.#send(bytes)
  }

  /**
   * Ends our direction after all that was written, and `last`. Once begun it goes on: the signal ends
   * the waiting.
   *
   * @throws what ended the stream before the end had left; CodedError StreamClosed when there is a
   * `last` that comes too late
   */
  async end (signal?: AbortSignal, last?: Uint8Array): Promise<void> {
    if (this.#ending == null || last != null) {
      this.#assertOpen()
      this.#ending = this.#end(last)
    }

    await raceSignal(this.#ending, signal)
  }

  /**
   * Refuses with `error` whatever is not written yet, and resolves when all that was written, and our
   * end if it was wanted, has left.
   *
   * @throws what ended the stream before that, or the signal's reason
   */
  async drain (error: Error, signal: AbortSignal): Promise<void> {
    this.#refusal ??= error
    await raceSignal(this.#ending ?? this.#lastTurn.then(async () => this.#room(signal)), signal)
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
    this.#onFail?.(this.#error)
  }

  get #hasRoom (): boolean {
    return !this.#raw.writableNeedsDrain && this.#raw.writeBufferLength === 0
  }

  #assertOpen (): void {
    this.#throwIfFailed()

    if (this.#ending != null) {
      throw closedForWriting()
    }

    this.#throwIfRefused()
  }

  #throwIfRefused (): void {
    if (this.#refusal != null) {
      throw this.#refusal
    }
  }

  #throwIfFailed (): void {
    if (this.#error != null) {
      throw this.#error
    }
  }

  #sendPrefix (): void {
    if (this.#prefix != null) {
      this.#send(new Uint8Array(0))
    }
  }

  #send (bytes: Uint8Array): void {
    const prefix = this.#prefix
    const message = prefix == null ? bytes : concat([prefix.bytes, bytes])

    this.#prefix = undefined

    try {
      this.#raw.send(message)
    } catch (thrown) {
      throw this.#error ?? this.#init.explain(thrown)
    }

    this.bytesWritten += message.byteLength
    this.#init.onWrite?.(message.byteLength)
    prefix?.onSent()
  }

  async #sendInPieces (bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    for (let from = 0; from < bytes.byteLength; from += WRITE_PIECE_BYTES) {
      await this.#room(signal)
      this.#send(bytes.subarray(from, from + WRITE_PIECE_BYTES))
    }
  }

  async #end (last: Uint8Array = new Uint8Array(0)): Promise<void> {
    await this.#lastTurn
    await this.#sendInPieces(last)
    this.#throwIfFailed()
    this.#sendPrefix()

    // the yamux of npm never settles a close that an abort cuts short
    const { promise: failed, reject } = Promise.withResolvers<never>()
    const closing = Promise.race([this.#raw.close(), failed])

    this.#onFail = reject
    this.#flushing = closing.then(() => {}, () => {})

    try {
      await closing
    } catch (thrown) {
      this.fail(this.#error ?? this.#init.explain(thrown))
    }

    // a raw stream may resolve its close although an abort has cut it short
    this.#throwIfFailed()
    this.#hasEnded = true
    this.#init.onEnded()
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
    this.#throwIfFailed()

    while (!this.#hasRoom) {
      const { promise, resolve } = Promise.withResolvers<void>()

      this.#wake = resolve

      try {
        await raceSignal(promise, signal)
      } finally {
        this.#wake = undefined
      }

      this.#throwIfFailed()
    }
  }
}
