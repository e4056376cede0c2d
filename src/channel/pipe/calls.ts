import type { TicketDesk } from './ticket-desk.ts'
import type { Ticket } from './ticket-queue.ts'
import type { ReceivePort, ReceiveTicket, SendPort, SendTicket } from '../contract/index.ts'

export type SendDesk<T> = TicketDesk<SendTicket<T>, SendPort<T>>
export type ReceiveDesk<T> = TicketDesk<ReceiveTicket<T>, ReceivePort<T>>

interface Desk {
  withdraw(ticket: Ticket): void
  settled(ticket: Ticket): void
}

/**
 * A call that has to wait. It listens to its signal itself, so that waiting costs no closure, and stops
 * listening whatever comes of it.
 */
abstract class Call<R> implements EventListenerObject, Ticket {
  readonly promise: Promise<R>
  readonly #desk: Desk
  readonly #signal: AbortSignal | undefined
  readonly #resolve: (result: R) => void
  readonly #reject: (error: unknown) => void

  constructor (desk: Desk, signal: AbortSignal | undefined) {
    const { promise, resolve, reject } = Promise.withResolvers<R>()

    this.promise = promise
    this.#desk = desk
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    signal?.addEventListener('abort', this, { once: true })
  }

  /** A call has one chance only, and takes it. */
  claim (): boolean {
    return true
  }

  fail (error: unknown): void {
    this.#leave()
    this.#reject(error)
  }

  handleEvent (): void {
    this.stop(this.#signal?.reason)
  }

  /** Gives the call up before it was claimed: nothing is sent or taken. */
  stop (reason: unknown): void {
    this.#desk.withdraw(this)
    this.fail(reason)
  }

  protected succeed (result: R): void {
    this.#leave()
    this.#resolve(result)
  }

  #leave (): void {
    this.#desk.settled(this)
    this.#signal?.removeEventListener('abort', this)
  }
}

export class SendCall<T> extends Call<void> implements SendTicket<T> {
  readonly value: T

  constructor (desk: SendDesk<T>, value: T, signal: AbortSignal | undefined) {
    super(desk, signal)
    this.value = value
    desk.offer(this)
  }

  done (): void {
    this.succeed()
  }
}

export class ReceiveCall<T> extends Call<IteratorResult<T, void>> implements ReceiveTicket<T> {
  constructor (desk: ReceiveDesk<T>, signal: AbortSignal | undefined) {
    super(desk, signal)
    desk.offer(this)
  }

  done (result: IteratorResult<T, void>): void {
    this.succeed(result)
  }
}
