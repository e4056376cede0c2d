import { TransientMap } from '../../base/index.ts'
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
  readonly #counts = new TransientMap<string, number>()

  /** Keys whose count is not 0. */
  get size (): number {
    return this.#counts.size
  }

  used (key: string): number {
    return this.#counts.get(key) ?? 0
  }

  of (key: string, limit: KeyedLimit): Scope {
    return new KeyedScope(this.#counts, key, limit)
  }
}

class KeyedScope implements Scope {
  readonly #counts: TransientMap<string, number>
  readonly #key: string
  readonly #limit: KeyedLimit

  constructor (counts: TransientMap<string, number>, key: string, limit: KeyedLimit) {
    this.#counts = counts
    this.#key = key
    this.#limit = limit
  }

  check (): void {
    const used = this.#used
    const { name, max, option } = this.#limit

    if (used + 1 > max) {
      throw new ResourceLimitError({ scope: name, used, max, option })
    }
  }

  take (): void {
    this.#counts.set(this.#key, this.#used + 1)
  }

  give (): void {
    const left = this.#used - 1

    if (left > 0) {
      this.#counts.set(this.#key, left)
    } else {
      this.#counts.delete(this.#key)
    }
  }

  get #used (): number {
    return this.#counts.get(this.#key) ?? 0
  }
}

/**
 * Takes one of each scope, or of none when one of them is full.
 *
 * @throws ResourceLimitError of the first that is full
 */
export function admit (...scopes: Scope[]): Permit {
  return admitAll(scopes)
}

/** As `admit`, for scopes that stay together: the array must not be changed afterwards. */
export function admitAll (scopes: readonly Scope[]): Permit {
  for (const scope of scopes) {
    scope.check()
  }

  for (const scope of scopes) {
    scope.take()
  }

  return new ScopePermit(scopes)
}

/** One of each scope, given back once. */
class ScopePermit implements Permit {
  #scopes: readonly Scope[]

  constructor (scopes: readonly Scope[]) {
    this.#scopes = scopes
  }

  [Symbol.dispose] (): void {
    const scopes = this.#scopes

    this.#scopes = []

    for (const scope of scopes) {
      scope.give()
    }
  }
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
