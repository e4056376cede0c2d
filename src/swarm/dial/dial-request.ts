import { after } from '../../base/index.ts'
import { DialError } from './dial-error.ts'
import { verdictOf } from './dial-verdict.ts'
import type { DialRequestOptions, DialTarget } from './dial-components.ts'
import type { AddressError } from './dial-error.ts'
import type { Clock, ErrorCode, Timer } from '../../base/index.ts'
import type { Connection } from '../contract/connection.ts'

/**
 * The time of a request counts from its first address tried. Before that, while names resolve and
 * dials queue, it may wait for so many times as long.
 */
export const UNTRIED_TIMEOUT_FACTOR = 2

/** Nobody gets to see it, and an error of its own for each request would cost more than the rest of its end. */
const ENDED = new DOMException('the request has ended', 'AbortError')

export interface DialRequestInit {
  target: DialTarget
  options: DialRequestOptions
  clock: Clock
  /** In milliseconds; `Infinity` is never. */
  timeoutMs: number
  /** Of the caller. */
  signal: AbortSignal | undefined
  /** The caller has left. */
  onAbort(reason: unknown): void
  /** The time is up. */
  onTimeout(): void
}

/**
 * One caller of a dial: the addresses that it waits for, what it knows of its others, and a time of
 * its own. It ends once; from then on it holds neither timer nor listener.
 */
export class DialRequest {
  readonly options: DialRequestOptions
  readonly connection: Promise<Connection>
  readonly #init: DialRequestInit
  readonly #settled = Promise.withResolvers<Connection>()
  #hasEnded = false
  /** Made when somebody asks for its signal: where the addresses are at hand, nobody does. */
  #ending: AbortController | undefined
  readonly #startedAt: number
  readonly #onAbort = (): void => { this.#init.onAbort(this.#init.signal?.reason) }
  /** Keys of all its addresses. */
  readonly #named = new Set<string>()
  readonly #pending = new Set<string>()
  readonly #refused: AddressError[] = []
  readonly #failed: AddressError[] = []
  #timer: Timer | undefined
  #tried = false

  constructor (init: DialRequestInit) {
    this.#init = init
    this.options = init.options
    this.connection = this.#settled.promise
    this.#startedAt = init.clock.now()
    this.#arm(init.timeoutMs * UNTRIED_TIMEOUT_FACTOR)
    init.signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Aborts when this request has ended, in whatever way. */
  get signal (): AbortSignal {
    this.#ending ??= new AbortController()

    if (this.#hasEnded) {
      this.#ending.abort(ENDED)
    }

    return this.#ending.signal
  }

  get ended (): boolean {
    return this.#hasEnded
  }

  /** Whether it waits for an address. */
  get waiting (): boolean {
    return this.#pending.size > 0
  }

  /** Whether this is one of its addresses, pending or not. */
  names (key: string): boolean {
    return this.#named.has(key)
  }

  /** Addresses that are not to be dialled. */
  refuse (errors: AddressError[]): void {
    this.#refused.push(...errors)
  }

  /** Waits for the dial of this address. */
  expect (key: string): void {
    this.#named.add(key)
    this.#pending.add(key)
  }

  /** One of its addresses is being tried: its time counts from now on, if it does not yet. */
  tried (): void {
    if (!this.#tried) {
      this.#tried = true
      this.#arm(this.#init.timeoutMs)
    }
  }

  /** Waits for this address no more, or never has. */
  fail (key: string, error: AddressError): void {
    this.#named.add(key)
    this.#pending.delete(key)
    this.#failed.push(error)
  }

  /** What to reject with. Without a code, what the errors of its addresses amount to. */
  error (code: ErrorCode = verdictOf(this.#refused, this.#failed), cause?: unknown): DialError {
    const { target, clock } = this.#init

    return new DialError(code, target.peer, [...this.#failed, ...this.#refused], { cause, durationMs: clock.now() - this.#startedAt })
  }

  resolve (connection: Connection): void {
    this.#end()
    this.#settled.resolve(connection)
  }

  reject (reason: unknown): void {
    this.#end()
    this.#settled.reject(reason)
  }

  #end (): void {
    this.#timer?.[Symbol.dispose]()
    this.#init.signal?.removeEventListener('abort', this.#onAbort)
    this.#hasEnded = true
    this.#ending?.abort(ENDED)
  }

  #arm (timeoutMs: number): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = timeoutMs === Infinity ? undefined : after(this.#init.clock, timeoutMs, this.#init.onTimeout)
  }
}
