import { CodedError, concat, raceSignal } from '../../base/index.ts'
import { gather } from '../../message-stream/index.ts'
import { closedForWriting } from './stream-error.ts'
import type { MessageStream } from '@libp2p/interface'

/** Writes that may wait for room on one stream; whoever has more does not wait for `write`. */
export const MAX_WAITING_WRITES = 1024

/** A write is handed on in pieces of this size, so that a large one does not escape the flow control. */
const WRITE_PIECE_BYTES = 256 * 1024

const NOTHING = new Uint8Array(0)

/** Whose half a writer is. */
export interface PortWriterOwner {
  onWrite(bytes: number): void
  /** What the raw stream threw at us, as what it means for this stream. */
  explain(thrown: unknown): Error
  /** The end has left, or will not. */
  onFlushed(): void
}

/** The writing half of a port: writes go out one after the other, each when there is room. */
export class PortWriter {
  bytesWritten = 0

  readonly #raw: MessageStream
  readonly #owner: PortWriterOwner
  #error: Error | undefined
  /** What calls get that come too late, while those before them may go on. */
  #refusal: Error | undefined
  #prefix: Uint8Array | undefined
  #onPrefixSent: (() => void) | undefined
  #wake: (() => void) | undefined
  #lastTurn: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #ending: Promise<void> | undefined
  /** While the raw stream is asked to let the end leave. */
  #flushing: PromiseWithResolvers<void> | undefined
  #hasEnded = false

  constructor (raw: MessageStream, owner: PortWriterOwner) {
    this.#raw = raw
    this.#owner = owner
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

  /** Whether the raw stream was asked to let the end leave, and has not answered. */
  get isFlushing (): boolean {
    return this.#flushing != null
  }

  /** As `write`, if it need not wait; else false, and nothing has happened. */
  tryWrite (bytes: Uint8Array): boolean {
    this.#assertOpen()

    const canSend = this.#canSendNow(bytes)

    if (canSend) {
      this.#send(bytes)
    }

    return canSend
  }

  async write (bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()

    if (this.tryWrite(bytes)) {
      return
    }

    await raceSignal(this.#inTurn(async () => { await this.#sendInPieces(bytes, signal) }), signal)
  }

  /** Goes out in front of the first bytes, in one message with them. */
  setPrefix (bytes: Uint8Array, onSent: () => void): void {
    this.#prefix = bytes
    this.#onPrefixSent = onSent
  }

  /** Sends the prefix, if it waits for bytes still, together with those that follow in the same turn. */
  flushPrefix (): void {
    if (this.#prefix != null && this.#error == null && this.#refusal == null) {
      gather(this.#raw)
      this.#sendPrefix()
    }
  }

  /** Sends without waiting for room; what follows in the same turn leaves together with it. */
  sendNow (bytes: Uint8Array): void {
    this.#assertOpen()
    gather(this.#raw)
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

    await (signal == null ? this.#ending : raceSignal(this.#ending, signal))
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
    this.#flushed()
  }

  get #hasRoom (): boolean {
    return !this.#raw.writableNeedsDrain && this.#raw.writeBufferLength === 0
  }

  /** The common case: nobody before us, and room. */
  #canSendNow (bytes: Uint8Array): boolean {
    return this.#waiting === 0 && bytes.byteLength <= WRITE_PIECE_BYTES && this.#hasRoom
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
      this.#send(NOTHING)
    }
  }

  #send (bytes: Uint8Array): void {
    const prefix = this.#prefix
    const message = prefix == null ? bytes : concat([prefix, bytes])

    this.#prefix = undefined

    try {
      this.#raw.send(message)
    } catch (thrown) {
      throw this.#error ?? this.#owner.explain(thrown)
    }

    this.bytesWritten += message.byteLength
    this.#owner.onWrite(message.byteLength)

    if (prefix != null) {
      this.#onPrefixSent?.()
    }
  }

  async #sendInPieces (bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    for (let from = 0; from < bytes.byteLength; from += WRITE_PIECE_BYTES) {
      await this.#room(signal)
      this.#send(bytes.subarray(from, from + WRITE_PIECE_BYTES))
    }
  }

  async #end (last: Uint8Array = NOTHING): Promise<void> {
    if (this.#canSendNow(last)) {
      this.#sendLast(last)
    } else {
      await this.#lastTurn
      await this.#sendInPieces(last)
      this.#throwIfFailed()
      this.#sendPrefix()
    }

    await this.#closeRaw()
  }

  #sendLast (last: Uint8Array): void {
    if (last.byteLength > 0) {
      this.#send(last)
    } else {
      this.#sendPrefix()
    }
  }

  /** Settles by what fails us, too: the yamux of npm never settles a close that an abort cuts short. */
  #closeRaw (): Promise<void> {
    const flushing = Promise.withResolvers<void>()

    this.#flushing = flushing
    this.#raw.close().then(
      () => { this.#flushed() },
      (thrown: unknown) => { this.fail(this.#error ?? this.#owner.explain(thrown)) }
    )

    return flushing.promise
  }

  /** The end has left, unless something has failed us: a raw stream may resolve a close that an abort has cut short. */
  #flushed (): void {
    const flushing = this.#flushing

    if (flushing == null) {
      return
    }

    this.#flushing = undefined

    if (this.#error == null) {
      this.#hasEnded = true
      flushing.resolve()
    } else {
      flushing.reject(this.#error)
    }

    this.#owner.onFlushed()
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
