import { TypedEventEmitter } from 'main-event'
import { toError } from '../base/index.ts'
import type { EventHandler } from 'main-event'

/**
 * An event target whose listeners cannot take the process down: what one throws, or what its promise
 * rejects with, goes to `onError`, and the others are called all the same.
 */
export class SafeEventTarget<Events extends { [Name in keyof Events]: Event }> extends TypedEventEmitter<Events> {
  readonly #wrapped = new WeakMap<object, (event: unknown) => void>()
  readonly #onError: (type: string, error: Error) => void

  constructor (onError: (type: string, error: Error) => void) {
    super()
    this.#onError = onError
  }

  override addEventListener<K extends keyof Events> (type: K, listener: EventHandler<Events[K]> | null, options?: boolean | AddEventListenerOptions): void {
    // no listener is allowed, and main-event would call it
    if (listener != null) {
      super.addEventListener(type, this.#wrap(listener), options)
    }
  }

  override removeEventListener<K extends keyof Events> (type: K, listener?: EventHandler<Events[K]> | null, options?: boolean | EventListenerOptions): void {
    super.removeEventListener(type, listener == null ? null : this.#wrapped.get(listener) ?? listener, options)
  }

  /** No event is made for nobody: connections come and go by the thousand, and seldom does anybody listen to all that is told of them. */
  override safeDispatchEvent<Detail> (type: keyof Events, init: CustomEventInit<Detail> = {}): boolean {
    return this.listenerCount(String(type)) === 0 || super.safeDispatchEvent(type, init)
  }

  #wrap (listener: object): (event: unknown) => void {
    const known = this.#wrapped.get(listener)

    if (known != null) {
      return known
    }

    const wrapped = (event: unknown): void => {
      this.#call(listener, event).catch((thrown: unknown) => { this.#onError((event as Event).type, toError(thrown)) })
    }

    this.#wrapped.set(listener, wrapped)

    return wrapped
  }

  async #call (listener: object, event: unknown): Promise<void> {
    if (typeof listener === 'function') {
      await listener.call(this, event)
    } else if ('handleEvent' in listener && typeof listener.handleEvent === 'function') {
      await listener.handleEvent(event)
    }
  }
}
