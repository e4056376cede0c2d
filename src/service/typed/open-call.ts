import { ServiceError } from '../service-error.ts'
import type { CallContext } from './call-context.ts'
import type { Expiring } from './expiry.ts'
import type { MethodEntry } from './method-table.ts'
import type { Clock } from '../../base/index.ts'
import type { Caller } from '../caller.ts'

/** Where a call came in. */
export interface CallHost {
  readonly caller: Caller
  readonly clock: Clock
  /** Its time is up. */
  onExpired (call: OpenCall, error: Error): void
}

const NO_META: Readonly<Record<string, string>> = Object.freeze({})

/** A call that a service has, and what its handler may know about it. The signal is made when somebody asks for it. */
export class OpenCall implements CallContext, Expiring {
  readonly id: number
  readonly method: MethodEntry
  readonly meta: Readonly<Record<string, string>>
  readonly expiresAt: number
  readonly #host: CallHost
  #controller: AbortController | undefined
  #reason: Error | undefined
  /** Whether the caller has an answer, or wants none any more. */
  isAnswered = false

  constructor (host: CallHost, id: number, method: MethodEntry, meta = NO_META, expiresAt = Infinity) {
    this.id = id
    this.method = method
    this.meta = meta
    this.expiresAt = expiresAt
    this.#host = host
  }

  get caller (): Caller {
    return this.#host.caller
  }

  get clock (): Clock {
    return this.#host.clock
  }

  get deadline (): number | undefined {
    return this.expiresAt === Infinity ? undefined : this.expiresAt
  }

  get signal (): AbortSignal {
    if (this.#controller == null) {
      this.#controller = new AbortController()

      if (this.#reason != null) {
        this.#controller.abort(this.#reason)
      }
    }

    return this.#controller.signal
  }

  /** Tells the handler to stop. */
  cancel (reason: Error): void {
    this.#reason ??= reason
    this.#controller?.abort(this.#reason)
  }

  expire (): void {
    const error = new ServiceError('DeadlineExceeded', `${this.method.name} did not answer in the time that its caller gave it`)

    this.#host.onExpired(this, error)
    this.cancel(error)
  }
}
