/** Room that a ring begins with; it doubles from there. A power of two, so that places are found by a mask. */
const FIRST_ROOM = 8

/** A queue with both ends in constant time. Whoever adds sees to its bound. */
export class RingBuffer<T> {
  #slots: Array<T | undefined> = []
  #head = 0
  #size = 0

  get size (): number {
    return this.#size
  }

  push (value: T): void {
    if (this.#size === this.#slots.length) {
      this.#grow()
    }

    this.#slots[(this.#head + this.#size) & (this.#slots.length - 1)] = value
    this.#size++
  }

  /** The oldest. Ask for `size` first: nothing can be told from an `undefined` that was pushed. */
  shift (): T {
    const value = this.#slots[this.#head]

    // what was received must not be kept alive from here
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.#size--

    return value as T
  }

  clear (): void {
    this.#slots = []
    this.#head = 0
    this.#size = 0
  }

  #grow (): void {
    const slots = [...this.#slots.slice(this.#head), ...this.#slots.slice(0, this.#head)]

    slots.length = Math.max(FIRST_ROOM, slots.length * 2)
    this.#slots = slots
    this.#head = 0
  }
}
