import { TransientMap } from '../../base/index.ts'

/** What tickets of both directions have in common. */
export interface Ticket {
  claim(): boolean
  fail(error: unknown): void
  /** The `select` that it belongs to. Two tickets of one `select` are never each other's partner. */
  readonly owner?: object | undefined
}

class Place<K> {
  readonly ticket: K
  before: Place<K> | undefined
  behind: Place<K> | undefined

  constructor (ticket: K, before: Place<K> | undefined) {
    this.ticket = ticket
    this.before = before
  }
}

/** So many are looked through one by one; a map of them costs more than all else at most ends. */
const MAX_WITHOUT_MAP = 4

/**
 * Tickets in the order in which they came. All in constant time, also leaving from the middle: thousands may
 * wait for one end, and every `select` that is decided leaves all the queues it did not win.
 */
export class TicketQueue<K extends Ticket> {
  /** Made when there are many, and kept. */
  #places: TransientMap<K, Place<K>> | undefined
  #first: Place<K> | undefined
  #last: Place<K> | undefined
  #size = 0

  get size (): number {
    return this.#size
  }

  add (ticket: K): void {
    const place = new Place(ticket, this.#last)

    if (this.#last == null) {
      this.#first = place
    } else {
      this.#last.behind = place
    }

    this.#last = place
    this.#size++

    if (this.#places != null) {
      this.#places.set(ticket, place)
    } else if (this.#size > MAX_WITHOUT_MAP) {
      this.#places = this.#map()
    }
  }

  /** Whether it was there. */
  delete (ticket: K): boolean {
    const place = this.#places == null ? this.#find(ticket) : this.#places.get(ticket)

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

  /** Takes out all of them. */
  takeAll (): K[] {
    const tickets: K[] = []

    for (let place = this.#first; place != null; place = place.behind) {
      tickets.push(place.ticket)
    }

    this.#first = this.#last = this.#places = undefined
    this.#size = 0

    return tickets
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

    // or a dead place that V8 has in its old generation keeps all that came behind it
    place.before = place.behind = undefined
    this.#size--
    this.#places?.delete(place.ticket)
  }

  #find (ticket: K): Place<K> | undefined {
    let place = this.#first

    while (place != null && place.ticket !== ticket) {
      place = place.behind
    }

    return place
  }

  #map (): TransientMap<K, Place<K>> {
    const places = new TransientMap<K, Place<K>>()

    for (let place = this.#first; place != null; place = place.behind) {
      places.set(place.ticket, place)
    }

    return places
  }
}

/** Fails a ticket that is in no queue. */
export function refuse (ticket: Ticket, error: unknown): void {
  if (ticket.claim()) {
    ticket.fail(error)
  }
}
