import { ResourceLimitError } from './resource-limit-error.ts'
import type { Permit } from '../../base/index.ts'

/** One bounded count. `check` throws when it is full; only then may `take` be called. */
export interface Scope {
  /** @throws ResourceLimitError */
  check(): void
  take(): void
  give(): void
}

/** A count with one maximum, which may change: what is over a lower one stays, and nothing comes in. */
export class CountScope implements Scope {
  max: number
  readonly #name: string
  readonly #option: string
  #used = 0

  constructor (name: string, max: number, option: string) {
    this.#name = name
    this.max = max
    this.#option = option
  }

  get used (): number {
    return this.#used
  }

  check (): void {
    if (this.#used + 1 > this.max) {
      throw new ResourceLimitError({ scope: this.#name, used: this.#used, max: this.max, option: this.#option })
    }
  }

  take (): void {
    this.#used++
  }

  give (): void {
    this.#used--
  }
}

/** What one count of many is called and how far it may go. */
export interface KeyedLimit {
  name: string
  max: number
  option: string
}

/** A count for each key. A key whose count is 0 is forgotten, so that strangers cannot fill the map. */
export class KeyedScopes {
  readonly #counts = new Map<string, number>()

  /** Keys whose count is not 0. */
  get size (): number {
    return this.#counts.size
  }

  used (key: string): number {
    return this.#counts.get(key) ?? 0
  }

  of (key: string, { name, max, option }: KeyedLimit): Scope {
    return {
      check: () => {
        const used = this.used(key)

        if (used + 1 > max) {
          throw new ResourceLimitError({ scope: name, used, max, option })
        }
      },
      take: () => { this.#counts.set(key, this.used(key) + 1) },
      give: () => { this.#give(key) }
    }
  }

  #give (key: string): void {
    const left = this.used(key) - 1

    if (left > 0) {
      this.#counts.set(key, left)
    } else {
      this.#counts.delete(key)
    }
  }
}

/**
 * Takes one of each scope, or of none when one of them is full.
 *
 * @throws ResourceLimitError of the first that is full
 */
export function admit (...scopes: Scope[]): Permit {
  for (const scope of scopes) {
    scope.check()
  }

  for (const scope of scopes) {
    scope.take()
  }

  return permitOf(() => {
    for (const scope of scopes) {
      scope.give()
    }
  })
}

/** A permit that calls `release` when it is given back, and only the first time. */
export function permitOf (release: () => void): Permit {
  let held = true

  return {
    [Symbol.dispose]: () => {
      if (held) {
        held = false
        release()
      }
    }
  }
}
