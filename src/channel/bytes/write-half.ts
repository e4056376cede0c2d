import { CodedError, raceSignal } from '../../base/index.ts'
import { writingEnded } from './byte-errors.ts'
import type { ByteLink } from '../contract/index.ts'

/** Writes that the link is given although it has no room; whoever has more does not await `write`. */
export const MAX_WAITING_WRITES = 1024

/** What a write gives when there is room: one promise for all, as most writes need none of their own. */
const DONE = Promise.resolve()

/** The writing half of a byte stream: hands bytes to the link, and waits for room there. */
export class WriteHalf {
  readonly #link: ByteLink
  #room: PromiseWithResolvers<void> | undefined
  #onNextRoom: (() => void) | undefined
  #hasRoom = true
  /** Writes since there was room. */
  #waiting = 0
  #hasEnded = false
  /** What ended the link, or what writes get since nobody here wants to write. */
  #failure: Error | undefined

  constructor (link: ByteLink) {
    this.#link = link
  }

  /** Whether our direction has ended. */
  get hasEnded (): boolean {
    return this.#hasEnded
  }

  /** The link takes the bytes in any case; the signal ends the waiting for room. */
  write (bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) {
      return Promise.reject(signal.reason)
    }

    const refusal = this.#refusal

    if (refusal != null) {
      return Promise.reject(refusal)
    }

    if (!this.#hasRoom && ++this.#waiting > MAX_WAITING_WRITES) {
      return Promise.reject(new CodedError('ResourceLimit', `too many writes wait on one byte stream: ${MAX_WAITING_WRITES} of ${MAX_WAITING_WRITES}; await each write before the next`))
    }

    this.#send(bytes)

    return this.#failure == null ? this.#flushed(signal) : Promise.reject(this.#failure)
  }

  /** Ends our direction behind `last`. Without that, ending twice does nothing. */
  end (last: Uint8Array | undefined, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) {
      return Promise.reject(signal.reason)
    }

    if (last == null && this.#hasEnded) {
      return this.#flushed(signal)
    }

    const refusal = this.#refusal

    if (refusal != null) {
      return Promise.reject(refusal)
    }

    this.endNow(last)

    return this.#failure == null ? this.#flushed(signal) : Promise.reject(this.#failure)
  }

  /** Ends our direction, without waiting for anything. */
  endNow (last?: Uint8Array): void {
    if (last != null) {
      this.#send(last)
    }

    if (!this.#hasEnded) {
      this.#hasEnded = true
      this.#link.end()
    }
  }

  /** Calls `fn` when there is room, unless the link ends before. */
  whenRoom (fn: () => void): void {
    if (this.#hasRoom) {
      fn()
    } else {
      this.#onNextRoom = fn
    }
  }

  onRoom (): void {
    if (!this.#hasRoom) {
      this.#settle()?.resolve()
    }
  }

  /** The link has ended gracefully. */
  finish (): void {
    this.#hasEnded = true
    this.#onNextRoom = undefined
    this.#settle()?.resolve()
  }

  /** The link has ended, or nobody here writes any more: `later` is for the calls to come. */
  fail (error: Error, later: Error = error): void {
    this.#failure ??= later
    this.#onNextRoom = undefined
    this.#settle()?.reject(error)
  }

  get #refusal (): Error | undefined {
    return this.#hasEnded ? writingEnded() : this.#failure
  }

  #send (bytes: Uint8Array): void {
    if (bytes.byteLength === 0) {
      return
    }

    if (this.#link.write(bytes)) {
      this.onRoom()
    } else {
      this.#hasRoom = false
    }
  }

  /** Resolves when there is room, or nothing left to wait for. */
  #flushed (signal: AbortSignal | undefined): Promise<void> {
    if (this.#hasRoom) {
      return DONE
    }

    this.#room ??= Promise.withResolvers()

    return signal == null ? this.#room.promise : raceSignal(this.#room.promise, signal)
  }

  /** Who waits does not any more. */
  #settle (): PromiseWithResolvers<void> | undefined {
    const room = this.#room
    const onNextRoom = this.#onNextRoom

    this.#room = this.#onNextRoom = undefined
    this.#hasRoom = true
    this.#waiting = 0
    onNextRoom?.()

    return room
  }
}
