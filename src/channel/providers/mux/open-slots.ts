import { CodedError, TransientSet } from '../../../base/index.ts'

/** At most `max` streams of ours are open, and as many wait, first come, first served; spec-channel 2.4. */
export class OpenSlots<T> {
  readonly #max: number
  readonly #begin: (stream: T) => void
  readonly #open = new TransientSet<T>()
  readonly #waiting = new TransientSet<T>()

  /** `begin` is called for each, when it may be opened. */
  constructor (max: number, begin: (stream: T) => void) {
    this.#max = max
    this.#begin = begin
  }

  /**
   * Begins now, or when there is room.
   *
   * @throws CodedError ResourceLimit
   */
  add (stream: T): void {
    if (this.#open.size < this.#max) {
      this.#open.add(stream)
      this.#begin(stream)
    } else if (this.#waiting.size < this.#max) {
      this.#waiting.add(stream)
    } else {
      throw new CodedError('ResourceLimit', `at most ${this.#max} streams may be open that this side opened, and as many wait (maxOpenStreams): close some, or open another session`)
    }
  }

  /** It has ended, or does not want to be opened any more. */
  remove (stream: T): void {
    this.#waiting.delete(stream)

    if (!this.#open.delete(stream)) {
      return
    }

    const next = this.#waiting.first()

    if (next != null) {
      this.#waiting.delete(next)
      this.#open.add(next)
      this.#begin(next)
    }
  }

  /** Those that wait, which now do so in vain. */
  takeWaiting (): T[] {
    const waiting = [...this.#waiting]

    this.#waiting.clear()

    return waiting
  }
}
