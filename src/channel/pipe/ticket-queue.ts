/** What tickets of both directions have in common. */
export interface Ticket {
  claim(): boolean
  fail(error: unknown): void
  /** The `select` that it belongs to. Two tickets of one `select` are never each other's partner. */
  readonly owner?: object | undefined
}

interface Place<K> {
  readonly ticket: K
  before: Place<K> | undefined
  behind: Place<K> | undefined
}

/**
 * Tickets in the order in which they came. All in constant time, also leaving from the middle: thousands may
 * wait for one end, and every `select` that is decided leaves all the queues it did not win.
 */
export class TicketQueue<K extends Ticket> {
  readonly #places = new Map<K, Place<K>>()
  #first: Place<K> | undefined
  #last: Place<K> | undefined

  get size (): number {
    return this.#places.size
  }

  add (ticket: K): void {
    const place: Place<K> = { ticket, before: this.#last, behind: undefined }

    if (this.#last == null) {
      this.#first = place
    } else {
      this.#last.behind = place
    }

    this.#last = place
    this.#places.set(ticket, place)
  }

  /** Whether it was there. */
  delete (ticket: K): boolean {
    const place = this.#places.get(ticket)

    if (place == null) {
      return false
    }

    this.#unlink(place)

    return true
  }

  /** Takes out the first that grants a claim, of those that are not `owner`'s. Void ones leave on the way. */
  claim (owner?: object): K | undefined {
    let place = this.#firstFor(owner)

    while (place != null) {
      this.#unlink(place)

      if (place.ticket.claim()) {
        return place.ticket
      }

      place = this.#firstFor(owner)
    }

    return undefined
  }

  /** The one `select` that all of them belong to; undefined if there is none. */
  get owner (): object | undefined {
    const owner = this.#first?.ticket.owner

    return owner == null || this.#firstFor(owner) != null ? undefined : owner
  }

  /** The first that is not `owner`'s. */
  #firstFor (owner: object | undefined): Place<K> | undefined {
    let place = this.#first

    if (owner == null) {
      return place
    }

    while (place?.ticket.owner === owner) {
      place = place.behind
    }

    return place
  }

  #unlink (place: Place<K>): void {
    const { before, behind } = place

    if (before == null) {
      this.#first = behind
    } else {
      before.behind = behind
    }

    if (behind == null) {
      this.#last = before
    } else {
      behind.before = before
    }

    this.#places.delete(place.ticket)
  }
}

/** Fails a ticket that is in no queue. */
export function refuse (ticket: Ticket, error: unknown): void {
  if (ticket.claim()) {
    ticket.fail(error)
  }
}
