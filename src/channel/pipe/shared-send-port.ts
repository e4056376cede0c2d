import { senderClosed } from './channel-errors.ts'
import { refuse } from './ticket-queue.ts'
import type { ChannelEnd, ChannelReason, SendPort, SendTicket } from '../contract/index.ts'

const TAKEN = Promise.resolve()

interface Shared<T> {
  readonly port: SendPort<T>
  /** Handles that are not closed. */
  handles: number
}

/** One of several handles on a port, which closes with the last of them. */
export class SharedSendPort<T> implements SendPort<T> {
  readonly #shared: Shared<T>
  #isOpen = true

  constructor (shared: Shared<T>) {
    this.#shared = shared
  }

  /** The first two handles on a port that had none. */
  static split<T> (port: SendPort<T>): [SharedSendPort<T>, SharedSendPort<T>] {
    const shared = { port, handles: 2 }

    return [new SharedSendPort(shared), new SharedSendPort(shared)]
  }

  /** One more handle. @throws CodedError ChannelClosed if this one is closed */
  dup (): SharedSendPort<T> {
    this.#assertOpen()
    this.#shared.handles++

    return new SharedSendPort(this.#shared)
  }

  /** What all handles are on. */
  get port (): SendPort<T> {
    return this.#shared.port
  }

  /** The port itself if nobody else holds it. */
  unwrap (): SendPort<T> {
    return this.#isOpen && this.#shared.handles === 1 ? this.#shared.port : this
  }

  trySend (value: T): boolean {
    this.#assertOpen()

    return this.#shared.port.trySend(value)
  }

  offer (ticket: SendTicket<T>): void {
    if (this.#isOpen) {
      this.#shared.port.offer(ticket)
    } else {
      refuse(ticket, senderClosed())
    }
  }

  withdraw (ticket: SendTicket<T>): void {
    this.#shared.port.withdraw(ticket)
  }

  close (): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false
      this.#shared.handles--
    }

    return this.#shared.handles === 0 ? this.#shared.port.close() : TAKEN
  }

  abort (reason: ChannelReason): void {
    this.#shared.port.abort(reason)
  }

  get closed (): Promise<ChannelEnd> {
    return this.#shared.port.closed
  }

  #assertOpen (): void {
    if (!this.#isOpen) {
      throw senderClosed()
    }
  }
}
