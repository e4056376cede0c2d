import { CodedError } from '../../base/index.ts'
import { queueOfBytes } from './chunk-bytes.ts'
import type { ByteQueue } from '../../base/index.ts'
import type { ByteLink } from '../contract/index.ts'

/** Unread bytes at which the link is paused. */
export const HIGH_WATER_BYTES = 64 * 1024

/** Unread bytes at which it is resumed. */
const LOW_WATER_BYTES = HIGH_WATER_BYTES / 2

/** Reads that may wait on one stream; whoever has more does not await `read`. */
export const MAX_WAITING_READS = 1024

interface Waiter {
  resolve(bytes: Uint8Array | null): void
  reject(error: unknown): void
}

/** The reading half of a byte stream: brings what the link pushes to those who wait for it. */
export class ReadHalf {
  readonly #link: ByteLink
  #unread = queueOfBytes()
  /** First come, first served. There are none while bytes are unread. */
  readonly #waiters = new Set<Waiter>()
  #isPaused = true
  #hasEnded = false
  /** How the link ended, if that came before the end. */
  #failure: Error | undefined
  /** What reads get since nobody here wants to read. */
  #refusal: Error | undefined
  #isDiscarding = false

  constructor (link: ByteLink) {
    this.#link = link
  }

  /** Whether what comes is thrown away. */
  get isDiscarding (): boolean {
    return this.#isDiscarding
  }

  /** Whether the other side has ended its direction. */
  get hasEnded (): boolean {
    return this.#hasEnded
  }

  read (signal: AbortSignal | undefined): Promise<Uint8Array | null> {
    if (signal?.aborted === true) {
      return Promise.reject(signal.reason)
    }

    if (this.#refusal != null) {
      return Promise.reject(this.#refusal)
    }

    const bytes = this.#unread.shift()

    if (bytes != null) {
      if (this.#isPaused && this.#unread.byteLength <= LOW_WATER_BYTES) {
        this.resume()
      }

      return Promise.resolve(bytes)
    }

    if (this.#hasEnded) {
      return Promise.resolve(null)
    }

    return this.#failure == null ? this.#wait(signal) : Promise.reject(this.#failure)
  }

  /** Bytes have come. */
  push (bytes: Uint8Array): void {
    if (bytes.byteLength === 0 || this.#isDiscarding) {
      return
    }

    const waiter = this.#waiters.values().next().value

    if (waiter != null) {
      this.#waiters.delete(waiter)
      waiter.resolve(bytes)
      return
    }

    this.#unread.push(bytes)

    if (this.#unread.byteLength >= HIGH_WATER_BYTES && !this.#isPaused && this.#failure == null) {
      this.pause()
    }
  }

  /** The other side has ended its direction. */
  end (): void {
    this.#hasEnded = true
    this.#settle((waiter) => { waiter.resolve(null) })
  }

  /** The link has ended before the other side had; what had come can be read. */
  fail (error: Error): void {
    // set first, so that what the link has kept back is taken whatever the amount: it was in memory before
    this.#failure = error
    this.resume()
    this.#settle((waiter) => { waiter.reject(error) })
  }

  /** Nobody reads any more: `waiting` is for the calls that wait, `later` for those to come. */
  refuse (waiting: Error, later: Error): void {
    if (this.#refusal == null) {
      this.#refusal = later
      this.#settle((waiter) => { waiter.reject(waiting) })
      this.discard()
    }
  }

  /** Throws away what is unread and what comes. */
  discard (): void {
    this.#isDiscarding = true
    this.#unread.clear()
    this.resume()
  }

  /** The direction that the other side does not have: reads as an end at once. */
  endHere (): void {
    this.#isDiscarding = this.#hasEnded = true
  }

  pause (): void {
    if (!this.#isPaused) {
      this.#isPaused = true
      this.#link.pause()
    }
  }

  resume (): void {
    if (this.#isPaused) {
      this.#isPaused = false
      this.#link.resume()
    }
  }

  /** Pauses the link for whoever takes it over, and gives what nobody has read. Calls get `error`. */
  giveAway (error: Error): ByteQueue {
    const unread = this.#unread

    this.pause()
    this.#unread = queueOfBytes()
    this.#refusal = error
    this.#settle((waiter) => { waiter.reject(error) })

    return unread
  }

  #wait (signal: AbortSignal | undefined): Promise<Uint8Array | null> {
    if (this.#waiters.size >= MAX_WAITING_READS) {
      return Promise.reject(new CodedError('ResourceLimit', `too many reads wait on one byte stream: ${MAX_WAITING_READS} of ${MAX_WAITING_READS}; await each read before the next`))
    }

    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | null>()
    const waiter = signal == null ? { resolve, reject } : this.#abortable(signal, { resolve, reject })

    this.#waiters.add(waiter)
    this.resume()

    return promise
  }

  #abortable (signal: AbortSignal, { resolve, reject }: Waiter): Waiter {
    const onAbort = (): void => {
      this.#waiters.delete(waiter)
      reject(signal.reason)
    }
    const waiter: Waiter = {
      resolve (bytes) {
        signal.removeEventListener('abort', onAbort)
        resolve(bytes)
      },
      reject (error) {
        signal.removeEventListener('abort', onAbort)
        reject(error)
      }
    }

    signal.addEventListener('abort', onAbort, { once: true })

    return waiter
  }

  #settle (fn: (waiter: Waiter) => void): void {
    const waiters = [...this.#waiters]

    this.#waiters.clear()
    waiters.forEach(fn)
  }
}
