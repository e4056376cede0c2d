import { TransientSet } from '../../base/index.ts'
import type { OpenStream } from './open-stream.ts'

interface Waiter {
  resolve(stream: OpenStream): void
  reject(error: unknown): void
}

/** Top-level channels of the other side that nobody has taken yet, or those who wait for one; spec-channel 2.1, 2.2. */
export class ChannelQueue {
  readonly #maxPendingChannels: number
  readonly #pending = new TransientSet<OpenStream>()
  readonly #waiters = new TransientSet<Waiter>()
  #error: Error | undefined

  constructor (maxPendingChannels: number) {
    this.#maxPendingChannels = maxPendingChannels
  }

  get size (): number {
    return this.#pending.size
  }

  /** False if the queue is full. */
  push (stream: OpenStream): boolean {
    const waiter = this.#waiters.first()

    if (waiter != null) {
      this.#waiters.delete(waiter)
      waiter.resolve(stream)
    } else if (this.#pending.size >= this.#maxPendingChannels) {
      return false
    } else {
      this.#pending.add(stream)
    }

    return true
  }

  /** @throws the error given to `end`; the signal's reason */
  async next (signal?: AbortSignal): Promise<OpenStream> {
    signal?.throwIfAborted()

    const stream = this.#pending.first()

    if (stream != null) {
      this.#pending.delete(stream)

      return stream
    }

    if (this.#error != null) {
      throw this.#error
    }

    const { promise, resolve, reject } = Promise.withResolvers<OpenStream>()
    const waiter: Waiter = { resolve, reject }
    const onAbort = (): void => {
      // one that got its channel keeps it
      if (this.#waiters.delete(waiter)) {
        reject(signal?.reason)
      }
    }

    this.#waiters.add(waiter)
    signal?.addEventListener('abort', onAbort, { once: true })

    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** None will come. Those that are there can still be taken, unless nobody wants them any more. */
  end (error: Error, keepsPending: boolean): void {
    this.#error ??= error

    if (!keepsPending) {
      this.#pending.clear()
    }

    for (const waiter of this.#waiters) {
      this.#waiters.delete(waiter)
      waiter.reject(error)
    }
  }
}
