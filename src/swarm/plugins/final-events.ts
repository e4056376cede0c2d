type Listener = Parameters<EventTarget['addEventListener']>[1]

interface Entry {
  type: string
  listener: NonNullable<Listener>
}

/** Events that happen once. Who asks for one after it has been told is told of it, too. */
export class FinalEvents {
  readonly #target: EventTarget
  readonly #told = new Map<string, () => Event>()
  readonly #late = new Set<Entry>()

  constructor (target: EventTarget) {
    this.#target = target
  }

  has (type: string): boolean {
    return this.#told.has(type)
  }

  /** Does nothing the second time. */
  tell (type: string, toEvent: () => Event = () => new CustomEvent(type)): void {
    if (!this.#told.has(type)) {
      this.#told.set(type, toEvent)
      this.#target.dispatchEvent(toEvent())
    }
  }

  /** Whether there is something to tell late, so that `tellLate` is to be called. */
  add (type: string, listener: Listener): boolean {
    if (listener == null || !this.#told.has(type)) {
      return false
    }

    this.#late.add({ type, listener })

    return true
  }

  remove (type: string, listener: Listener): void {
    for (const entry of this.#late) {
      if (entry.type === type && entry.listener === listener) {
        this.#late.delete(entry)
      }
    }
  }

  /** Tells those who came late, in the order in which the events happened. */
  tellLate (): void {
    for (const [type, toEvent] of this.#told) {
      for (const entry of [...this.#late]) {
        // one that was told before may have removed this one
        if (entry.type === type && this.#late.delete(entry)) {
          tellOne(entry, toEvent())
        }
      }
    }
  }
}

/** By a target of its own, so that a listener that throws is reported as by any other target. */
function tellOne ({ type, listener }: Entry, event: Event): void {
  const target = new EventTarget()

  target.addEventListener(type, listener)
  target.dispatchEvent(event)
}
