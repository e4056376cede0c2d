import { Outcome } from '../../base/index.ts'
import { abortedBySender, cancelledByReceiver, receiverCancelled, senderAborted, sendErrorOf } from './channel-errors.ts'
import { RingBuffer } from './ring-buffer.ts'
import { refuse, TicketQueue } from './ticket-queue.ts'
import type { Ticket } from './ticket-queue.ts'
import type { ChannelEnd, ChannelReason, ReceivePort, ReceiveTicket, SendPort, SendTicket } from '../contract/index.ts'

type Sending<T> = SendTicket<T> & Ticket
type Receiving<T> = ReceiveTicket<T> & Ticket

const DONE: IteratorReturnResult<void> = Object.freeze({ done: true, value: undefined })
const CLOSED: ChannelEnd = Object.freeze({ how: 'closed' })
const TAKEN = Promise.resolve()

/**
 * A channel inside this process: a queue with a bound, and those who wait at its two ends. Nothing is copied:
 * the receiver gets the very object that was sent.
 *
 * - `close` lets what waits through: the buffer, and sends that were offered before it.
 * - `abort` rejects the sends that wait, and leaves the receiver what the buffer has; ChannelAborted follows.
 * - `cancel` drops everything; sends fail with ChannelCancelled.
 * - What comes first counts, at either end.
 *
 * Receivers wait only while the buffer is empty, and senders only while it is full. Both at a time wait only
 * if they belong to one `select`. Telling a ticket may bring another call back into here, so what is told has
 * been done by then.
 */
export class MemoryChannel<T> {
  /** Messages that may wait without a receiver. */
  readonly capacity: number
  readonly sendPort: SendPort<T>
  readonly receivePort: ReceivePort<T>
  readonly #buffer = new RingBuffer<T>()
  readonly #senders = new TicketQueue<Sending<T>>()
  readonly #receivers = new TicketQueue<Receiving<T>>()
  /** The end that lies behind what waits. */
  #lastly: ChannelEnd | undefined
  #taken: PromiseWithResolvers<void> | undefined
  readonly #sendEnd = new Outcome<ChannelEnd>()
  readonly #receiveEnd = new Outcome<ChannelEnd>()

  constructor (capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 0) {
      throw new RangeError(`capacity must be a whole number from 0, received ${String(capacity)}`)
    }

    this.capacity = capacity
    this.sendPort = new MemorySendPort(this)
    this.receivePort = new MemoryReceivePort(this)
  }

  /** Messages in the buffer, senders that wait for room, receivers that wait for a message. */
  stat (): { buffered: number, sending: number, receiving: number } {
    return { buffered: this.#buffer.size, sending: this.#senders.size, receiving: this.#receivers.size }
  }

  get sendEnd (): Promise<ChannelEnd> {
    return this.#sendEnd.promise
  }

  get receiveEnd (): Promise<ChannelEnd> {
    return this.#receiveEnd.promise
  }

  trySend (value: T): boolean {
    const refusal = this.#sendRefusal()

    if (refusal != null) {
      throw refusal
    }

    const receiver = this.#receivers.claim()

    if (receiver != null) {
      receiver.done({ done: false, value })

      return true
    }

    if (this.#senders.size > 0 || this.#buffer.size >= this.capacity) {
      return false
    }

    this.#buffer.push(value)

    return true
  }

  offerSend (ticket: Sending<T>): void {
    const refusal = this.#sendRefusal()

    if (refusal != null) {
      refuse(ticket, refusal)
      return
    }

    const receiver = this.#receivers.claim(ticket.owner)

    if (receiver != null) {
      // granted: who offers a ticket is undecided, and it is not of the receiver's select
      ticket.claim()
      receiver.done({ done: false, value: ticket.value })
      ticket.done()
      return
    }

    this.#senders.add(ticket)
    this.#refill()
  }

  withdrawSend (ticket: Sending<T>): void {
    if (this.#senders.delete(ticket)) {
      this.#settle()
    }
  }

  tryReceive (): IteratorResult<T, void> | undefined {
    if (this.#buffer.size > 0) {
      const value = this.#buffer.shift()

      this.#refill()
      this.#settle()

      return { done: false, value }
    }

    const sender = this.#senders.claim()

    sender?.done()
    // also without one: void tickets have left the queue
    this.#settle()

    return sender == null ? this.#ended() : { done: false, value: sender.value }
  }

  offerReceive (ticket: Receiving<T>): void {
    if (this.#receiveEnd.value != null) {
      this.#tellEnd(ticket)
    } else if (this.#buffer.size > 0) {
      if (ticket.claim()) {
        // told before room is made, as that may let others go on, who come behind
        ticket.done({ done: false, value: this.#buffer.shift() })
        this.#refill()
        this.#settle()
      }
    } else {
      this.#meetSender(ticket)
    }
  }

  withdrawReceive (ticket: Receiving<T>): void {
    this.#receivers.delete(ticket)
  }

  close (): Promise<void> {
    this.#lastly ??= CLOSED
    this.#settle()

    if (this.#senders.size === 0) {
      return TAKEN
    }

    this.#taken ??= Promise.withResolvers()

    return this.#taken.promise
  }

  abort (reason: ChannelReason): void {
    if (this.#sendEnd.value != null) {
      return
    }

    this.#lastly = { how: 'aborted', reason }
    this.#sendEnd.settle(this.#lastly)
    this.#failSenders(() => senderAborted(reason))
    this.#settle()
  }

  cancel (reason: ChannelReason): void {
    if (this.#receiveEnd.value != null) {
      return
    }

    const end: ChannelEnd = { how: 'cancelled', reason }

    this.#receiveEnd.settle(end)
    this.#sendEnd.settle(end)
    this.#buffer.clear()
    this.#failSenders(() => cancelledByReceiver(reason))
    this.#tellReceivers()
    this.#settle()
  }

  #meetSender (ticket: Receiving<T>): void {
    const sender = this.#senders.claim(ticket.owner)

    if (sender == null) {
      this.#receivers.add(ticket)
    } else {
      // granted, as in offerSend
      ticket.claim()
      ticket.done({ done: false, value: sender.value })
      sender.done()
    }

    this.#settle()
  }

  /** Senders move up into the room that there is. */
  #refill (): void {
    while (this.#buffer.size < this.capacity) {
      const sender = this.#senders.claim()

      if (sender == null) {
        return
      }

      this.#buffer.push(sender.value)
      sender.done()
    }
  }

  /** Ends what has come to its end. */
  #settle (): void {
    if (this.#senders.size > 0) {
      return
    }

    this.#taken?.resolve()

    if (this.#lastly != null && this.#buffer.size === 0 && this.#receiveEnd.value == null) {
      this.#receiveEnd.settle(this.#lastly)
      this.#sendEnd.settle(this.#lastly)
      this.#tellReceivers()
    }
  }

  #failSenders (error: () => Error): void {
    for (let sender = this.#senders.claim(); sender != null; sender = this.#senders.claim()) {
      sender.fail(error())
    }
  }

  #tellReceivers (): void {
    for (let receiver = this.#receivers.claim(); receiver != null; receiver = this.#receivers.claim()) {
      this.#settleEnded(receiver)
    }
  }

  #tellEnd (ticket: Receiving<T>): void {
    if (ticket.claim()) {
      this.#settleEnded(ticket)
    }
  }

  #settleEnded (ticket: Receiving<T>): void {
    const error = this.#receiveRefusal()

    if (error == null) {
      ticket.done(DONE)
    } else {
      ticket.fail(error)
    }
  }

  #ended (): IteratorReturnResult<void> | undefined {
    const error = this.#receiveRefusal()

    if (error != null) {
      throw error
    }

    return this.#receiveEnd.value == null ? undefined : DONE
  }

  #sendRefusal (): Error | undefined {
    const end = this.#lastly ?? this.#sendEnd.value

    return end == null ? undefined : sendErrorOf(end)
  }

  #receiveRefusal (): Error | undefined {
    const end = this.#receiveEnd.value

    switch (end?.how) {
      case 'aborted': return abortedBySender(end.reason)
      case 'cancelled': return receiverCancelled(end.reason)
      default: return undefined
    }
  }
}

class MemorySendPort<T> implements SendPort<T> {
  readonly #channel: MemoryChannel<T>

  constructor (channel: MemoryChannel<T>) {
    this.#channel = channel
  }

  trySend (value: T): boolean {
    return this.#channel.trySend(value)
  }

  offer (ticket: SendTicket<T>): void {
    this.#channel.offerSend(ticket)
  }

  withdraw (ticket: SendTicket<T>): void {
    this.#channel.withdrawSend(ticket)
  }

  close (): Promise<void> {
    return this.#channel.close()
  }

  abort (reason: ChannelReason): void {
    this.#channel.abort(reason)
  }

  get closed (): Promise<ChannelEnd> {
    return this.#channel.sendEnd
  }
}

class MemoryReceivePort<T> implements ReceivePort<T> {
  readonly #channel: MemoryChannel<T>

  constructor (channel: MemoryChannel<T>) {
    this.#channel = channel
  }

  tryReceive (): IteratorResult<T, void> | undefined {
    return this.#channel.tryReceive()
  }

  offer (ticket: ReceiveTicket<T>): void {
    this.#channel.offerReceive(ticket)
  }

  withdraw (ticket: ReceiveTicket<T>): void {
    this.#channel.withdrawReceive(ticket)
  }

  cancel (reason: ChannelReason): void {
    this.#channel.cancel(reason)
  }

  get closed (): Promise<ChannelEnd> {
    return this.#channel.receiveEnd
  }
}
