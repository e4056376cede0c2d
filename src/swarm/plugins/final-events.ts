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

  /** The first time to all who listen, after that to those who have come since. */
  tell (type: string, toEvent: () => Event = () => new CustomEvent(type)): void {
    if (this.#told.has(type)) {
      this.#tellLate(type)
    } else {
      this.#told.set(type, toEvent)
      this.#target.dispatchEvent(toEvent())
    }
  }

  /** Whether the event was told before, so that `tell` is to be called again. */
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

  #tellLate (type: string): void {
    for (const entry of [...this.#late]) {
      // one that was told before may have removed this one
      if (entry.type === type && this.#late.delete(entry)) {
        tellOne(entry, this.#told.get(type)?.() ?? new CustomEvent(type))
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
