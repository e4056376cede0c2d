import { iterateAnswer } from './iterate-answer.ts'
import { tellReasons } from './tell-reasons.ts'
import { isReceiver } from './values.ts'
import type { Expiring } from './expiry.ts'

export interface PendingCallInit {
  readonly method: string
  readonly input: unknown
  readonly meta: Readonly<Record<string, string>> | undefined
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number
  readonly expiresAt: number
}

/** Who made the call, and sees to what it says. */
export interface PendingCallHost {
  onAbort (call: PendingCall, reason: unknown): void
  onExpired (call: PendingCall): void
}

/** A call that has no result yet. It listens to its signal itself, so that this costs no closure. */
export class PendingCall implements EventListenerObject, Expiring {
  readonly method: string
  readonly input: unknown
  readonly meta: Readonly<Record<string, string>> | undefined
  readonly timeoutMs: number
  readonly expiresAt: number
  readonly promise: Promise<unknown>
  /** 0 until it is sent. */
  id = 0
  /** Whether its promise is settled; the service may still have to answer. */
  isSettled = false
  readonly #host: PendingCallHost
  readonly #signal: AbortSignal | undefined
  readonly #resolve: (output: unknown) => void
  readonly #reject: (error: unknown) => void

  constructor (host: PendingCallHost, { method, input, meta, signal, timeoutMs, expiresAt }: PendingCallInit) {
    this.method = method
    this.input = input
    this.meta = meta
    this.timeoutMs = timeoutMs
    this.expiresAt = expiresAt
    this.#host = host
    this.#signal = signal

    const { promise, resolve, reject } = Promise.withResolvers<unknown>()

    makeIterable(promise)
    this.promise = promise
    this.#resolve = resolve
    this.#reject = reject
    signal?.addEventListener('abort', this, { once: true })
  }

  succeed (output: unknown): void {
    this.isSettled = true

    this.#signal?.removeEventListener('abort', this)

    if (isReceiver(output)) {
      tellReasons(output, this.#signal) // the signal goes on for a sequence, up to its end
    }

    this.#resolve(output)
  }

  fail (error: unknown): void {
    this.isSettled = true
    this.#signal?.removeEventListener('abort', this)
    this.#reject(error)
  }

  handleEvent (): void {
    this.#host.onAbort(this, this.#signal?.reason)
  }

  expire (): void {
    this.#host.onExpired(this)
  }
}

/** Nothing is known here of what the call will give. One property more costs less than a class of promises. */
function makeIterable (promise: Promise<unknown> & { [Symbol.asyncIterator]?(): AsyncIterator<unknown> }): void {
  promise[Symbol.asyncIterator] = iterateAnswer
}
