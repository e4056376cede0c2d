import { Outcome, TransientSet } from '../../base/index.ts'
import { endMoved } from './channel-errors.ts'
import { refuse } from './ticket-queue.ts'
import type { Ticket } from './ticket-queue.ts'
import type { ChannelEnd } from '../contract/index.ts'

/** What the ports of both directions have in common. */
export interface TicketPort<K> {
  offer(ticket: K): void
  withdraw(ticket: K): void
  readonly closed: Promise<ChannelEnd>
}

/**
 * What is behind one end of a channel: its port, and the tickets handed in through this very end. When the
 * end moves, the port goes, and the tickets fail here.
 *
 * A ticket that was handed in must be reported as `settled`, or be withdrawn.
 */
export class TicketDesk<K extends Ticket, P extends TicketPort<K>> {
  readonly #side: 'sender' | 'receiver'
  readonly #pending = new TransientSet<K>()
  #port: P | undefined
  #idle: PromiseWithResolvers<void> | undefined
  #closed: Outcome<ChannelEnd> | undefined
  #watchers: Set<(end: ChannelEnd) => void> | undefined

  constructor (port: P, side: 'sender' | 'receiver') {
    this.#port = port
    this.#side = side
  }

  get isMoved (): boolean {
    return this.#port == null
  }

  /** @throws CodedError ChannelMoved */
  get port (): P {
    if (this.#port == null) {
      throw endMoved(this.#side)
    }

    return this.#port
  }

  /** The same channel from now on through another port. */
  set port (port: P) {
    this.#port = port
  }

  offer (ticket: K): void {
    if (this.#port == null) {
      refuse(ticket, endMoved(this.#side))
      return
    }

    // noted first: the port may settle it at once
    this.#pending.add(ticket)
    this.#port.offer(ticket)
  }

  withdraw (ticket: K): void {
    this.settled(ticket)
    this.#port?.withdraw(ticket)
  }

  settled (ticket: K): void {
    if (this.#pending.delete(ticket) && this.#pending.size === 0) {
      this.#idle?.resolve()
      this.#idle = undefined
    }
  }

  /** Resolves when no ticket is pending. */
  async whenIdle (): Promise<void> {
    if (this.#pending.size > 0) {
      this.#idle ??= Promise.withResolvers()
      await this.#idle.promise
    }
  }

  /**
   * Gives the port away, for good. Whoever waits here gets ChannelMoved.
   *
   * @throws CodedError ChannelMoved if it was given away before
   */
  take (): P {
    const port = this.port

    this.#port = undefined
    this.#closed?.settle({ how: 'moved' })

    // all leave the port before one fails: the others of its select leave the desk with it
    for (const ticket of this.#pending) {
      port.withdraw(ticket)
    }

    for (const ticket of this.#pending) {
      refuse(ticket, endMoved(this.#side))
    }

    return port
  }

  get closed (): Promise<ChannelEnd> {
    if (this.#closed == null) {
      const closed = new Outcome<ChannelEnd>()

      this.#closed = closed

      if (this.#port == null) {
        closed.settle({ how: 'moved' })
      } else {
        void this.#port.closed.then((end) => { closed.settle(end) })
      }
    }

    return this.#closed.promise
  }

  /** Calls `fn` once this end has ended. Unlike a reaction to `closed` it can be taken back. */
  watch (fn: (end: ChannelEnd) => void): Disposable {
    const watchers = this.#watchers ?? this.#startWatching()

    watchers.add(fn)

    return { [Symbol.dispose]: () => { watchers.delete(fn) } }
  }

  #startWatching (): Set<(end: ChannelEnd) => void> {
    const watchers = new Set<(end: ChannelEnd) => void>()

    this.#watchers = watchers
    void this.closed.then((end) => {
      // whoever comes later starts anew, and is told at once
      this.#watchers = undefined

      for (const fn of watchers) {
        fn(end)
      }
    })

    return watchers
  }
}
