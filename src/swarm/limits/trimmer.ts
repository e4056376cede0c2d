import { toError } from '../../base/index.ts'
import { chooseVictims, nextTrimAt } from './victims.ts'
import type { TrimCandidate } from './victims.ts'
import type { Clock, Timer } from '../../base/index.ts'
import type { LimitSettings } from '../options.ts'

/** Connections come in bursts; one look at all of them serves those of so many milliseconds. */
export const TRIM_DELAY_MS = 100

export interface TrimmerInit<C> {
  settings: Pick<LimitSettings, 'highWater' | 'lowWater' | 'trimGraceMs'>
  clock: Clock
  /** All connections that are open and not closing; later, where it takes time to find out what they are worth. */
  candidates(): Array<TrimCandidate<C>> | Promise<Array<TrimCandidate<C>>>
  /** Closes a victim. It is not waited for. */
  close(connection: C, why: string): void | Promise<void>
  /** Gets what `candidates` or `close` throws. */
  onError?(error: Error): void
}

/**
 * Closes the least useful connections when there are too many. It looks when it is asked to, and
 * again when a grace ends; the hard limits are those of `ConnectionLimits`.
 */
export class Trimmer<C> implements Disposable {
  readonly #init: TrimmerInit<C>
  readonly #onError: (error: Error) => void
  #timer: Timer | undefined
  #timerAt = Infinity
  #disposed = false

  constructor (init: TrimmerInit<C>) {
    this.#init = init
    this.#onError = init.onError ?? (() => {})
  }

  /** Asks for a look, for a connection has opened or lost its protection. Requests are gathered. */
  request (): void {
    this.#lookAt(this.#init.clock.now() + TRIM_DELAY_MS)
  }

  [Symbol.dispose] (): void {
    this.#disposed = true
    this.#clearTimer()
  }

  #lookAt (when: number): void {
    if (this.#disposed || this.#timerAt <= when) {
      return
    }

    this.#clearTimer()
    this.#timerAt = when
    this.#timer = this.#init.clock.at(when, () => { this.#look() }, { background: true })
  }

  #clearTimer (): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#timerAt = Infinity
  }

  #look (): void {
    this.#clearTimer()

    try {
      const candidates = this.#init.candidates()

      if (candidates instanceof Promise) {
        candidates.then((found) => { this.#trim(found) }).catch((error: unknown) => { this.#onError(toError(error)) })
      } else {
        this.#trim(candidates)
      }
    } catch (error) {
      this.#onError(toError(error))
    }
  }

  #trim (candidates: Array<TrimCandidate<C>>): void {
    if (this.#disposed) {
      return
    }

    const { settings: { highWater, lowWater, trimGraceMs }, clock } = this.#init
    const rules = { highWater, lowWater, graceMs: trimGraceMs, now: clock.now() }
    const victims = chooseVictims(candidates, rules)
    const closed = new Set(victims.map(({ candidate }) => candidate))
    const next = nextTrimAt(candidates.filter((candidate) => !closed.has(candidate)), rules)

    // the timer before the closing: what `close` does may ask for a look, or dispose of us
    if (next != null) {
      this.#lookAt(Math.max(next, clock.now() + TRIM_DELAY_MS))
    }

    for (const { candidate, why } of victims) {
      void this.#close(candidate.connection, why)
    }
  }

  async #close (connection: C, why: string): Promise<void> {
    try {
      await this.#init.close(connection, why)
    } catch (error) {
      this.#onError(toError(error))
    }
  }
}
