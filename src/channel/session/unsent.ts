import { TransientSet } from '../../base/index.ts'

/** Something that waits for the session, and has to be told when that is over. */
export interface Failable {
  fail(error: Error): void
}

/**
 * Ends that were made for a session and wait until their other end is sent. Only those are here for which somebody
 * waits: what is made and forgotten does not stay.
 */
export class Unsent {
  readonly #waiting = new TransientSet<Failable>()
  #error: Error | undefined

  /** How the session has ended, if it has. */
  get error (): Error | undefined {
    return this.#error
  }

  add (item: Failable): void {
    if (this.#error == null) {
      this.#waiting.add(item)
    } else {
      item.fail(this.#error)
    }
  }

  delete (item: Failable): void {
    this.#waiting.delete(item)
  }

  end (error: Error): void {
    this.#error = error

    for (const item of this.#waiting) {
      this.#waiting.delete(item)
      item.fail(error)
    }
  }
}
