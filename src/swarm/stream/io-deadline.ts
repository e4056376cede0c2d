import { CodedError } from '../../base/index.ts'
import type { Clock, Timer } from '../../base/index.ts'

/** The time by which one direction of a stream must be done; may be moved while calls wait. */
export class IoDeadline implements Disposable {
  readonly #clock: Clock
  readonly #what: string
  #controller: AbortController | undefined
  #timer: Timer | undefined

  constructor (clock: Clock, what: 'read' | 'write') {
    this.#clock = clock
    this.#what = what
  }

  /** Aborts when the time is up; undefined while no deadline is set. */
  get signal (): AbortSignal | undefined {
    return this.#controller?.signal
  }

  /** @param when - milliseconds since the Unix epoch; null lifts the deadline */
  set (when: number | null): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined

    if (when === null) {
      this.#controller = undefined
      return
    }

    if (this.#controller == null || this.#controller.signal.aborted) {
      this.#controller = new AbortController()
    }

    const controller = this.#controller
    const expire = (): void => {
      controller.abort(new CodedError('StreamDeadline', `the ${this.#what} was not done at its deadline, ${new Date(when).toISOString()}`))
    }

    if (when <= this.#clock.now()) {
      expire()
    } else {
      this.#timer = this.#clock.at(when, expire)
    }
  }

  [Symbol.dispose] (): void {
    this.#timer?.[Symbol.dispose]()
  }
}
