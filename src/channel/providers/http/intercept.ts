import type { EventEmitter } from 'node:events'

/** Whether it takes the event, which then nobody else gets. */
export type Taker = (...args: never[]) => boolean

const interceptions = new WeakMap<EventEmitter, Interception>()

/**
 * Offers each `event` of `emitter` to `taker` before its listeners. Listening would not do: on a server that is
 * the application's, its own listeners answer what they do not know with an error, and are called for ours as well.
 *
 * Disposing it leaves the emitter as it was.
 */
export function intercept (emitter: EventEmitter, event: string, taker: Taker): Disposable {
  const interception = interceptions.get(emitter) ?? new Interception(emitter)

  interceptions.set(emitter, interception)
  interception.add(event, taker)

  return { [Symbol.dispose]: () => { interception.remove(event, taker) } }
}

class Interception {
  readonly #emitter: EventEmitter
  readonly #emit: EventEmitter['emit']
  readonly #wasOwn: boolean
  readonly #takers = new Map<string | symbol, Set<Taker>>()

  constructor (emitter: EventEmitter) {
    this.#emitter = emitter
    this.#emit = emitter.emit
    this.#wasOwn = Object.hasOwn(emitter, 'emit')
    emitter.emit = this.#offer
  }

  add (event: string, taker: Taker): void {
    const takers = this.#takers.get(event) ?? new Set()

    this.#takers.set(event, takers.add(taker))
  }

  remove (event: string, taker: Taker): void {
    const takers = this.#takers.get(event)

    takers?.delete(taker)

    if (takers?.size === 0) {
      this.#takers.delete(event)
    }

    // somebody who has wrapped it after us still calls us, and then we only pass on
    if (this.#takers.size === 0 && this.#emitter.emit === this.#offer) {
      this.#restore()
    }
  }

  #restore (): void {
    interceptions.delete(this.#emitter)

    if (this.#wasOwn) {
      this.#emitter.emit = this.#emit
    } else {
      Reflect.deleteProperty(this.#emitter, 'emit')
    }
  }

  readonly #offer = (event: string | symbol, ...args: unknown[]): boolean => {
    for (const taker of this.#takers.get(event) ?? []) {
      if (Reflect.apply(taker, undefined, args) === true) {
        return true
      }
    }

    return Reflect.apply(this.#emit, this.#emitter, [event, ...args]) === true
  }
}
