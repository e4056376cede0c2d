import { REASON_CODE, toReason } from '../contract/index.ts'
import { ReceiveCall } from './calls.ts'
import { CheckedReceivePort } from './checked-receive-port.ts'
import { TicketDesk } from './ticket-desk.ts'
import type { ReceiveDesk } from './calls.ts'
import type { CallOptions, ChannelEnd, ChannelOptions, ReasonInput, ReceivePort, Receiver } from '../contract/index.ts'

const NO_OPTIONS: CallOptions = Object.freeze({})

/** The receiving end of a channel, over the port of any kind of it. */
export class ChannelReceiver<T> implements Receiver<T> {
  readonly #desk: ReceiveDesk<T>

  /** @throws TypeError when `schema` is no Standard Schema */
  constructor (port: ReceivePort<T>, { schema }: ChannelOptions<T> = {}) {
    this.#desk = new TicketDesk(schema == null ? port : new CheckedReceivePort(port, schema), 'receiver')
  }

  receive ({ signal }: CallOptions = NO_OPTIONS): Promise<IteratorResult<T, void>> {
    if (signal?.aborted === true) {
      return Promise.reject(signal.reason)
    }

    try {
      const result = this.#desk.port.tryReceive()

      if (result != null) {
        return Promise.resolve(result)
      }
    } catch (error) {
      return Promise.reject(error)
    }

    return new ReceiveCall(this.#desk, signal).promise
  }

  tryReceive (): IteratorResult<T, void> | undefined {
    return this.#desk.port.tryReceive()
  }

  cancel (reason?: ReasonInput): void {
    const wanted = toReason(reason, REASON_CODE.cancelled)

    if (!this.#desk.isMoved) {
      this.#desk.port.cancel(wanted)
    }
  }

  get closed (): Promise<ChannelEnd> {
    return this.#desk.closed
  }

  /** Leaving the loop before the end cancels the channel. A message that was rejected does not. */
  [Symbol.asyncIterator] (): AsyncIterableIterator<T, void> {
    return new ReceiverIterator(this)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.cancel()
  }

  /** For `select`, and for whoever moves the end. */
  get desk (): ReceiveDesk<T> {
    return this.#desk
  }

  get [Symbol.toStringTag] (): string {
    return 'ChannelReceiver'
  }
}

class ReceiverIterator<T> implements AsyncIterableIterator<T, void> {
  readonly #receiver: ChannelReceiver<T>

  constructor (receiver: ChannelReceiver<T>) {
    this.#receiver = receiver
  }

  next (): Promise<IteratorResult<T, void>> {
    return this.#receiver.receive()
  }

  async return (): Promise<IteratorResult<T, void>> {
    this.#receiver.cancel()

    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator] (): this {
    return this
  }
}

/** The port of a receiver, which is of no use from then on; undefined for what is no receiver of ours. @throws CodedError ChannelMoved */
export function takeReceivePort (receiver: unknown): ReceivePort<unknown> | undefined {
  return isReceiver(receiver) ? receiver.desk.take() : undefined
}

/** Whether it is a receiver of this package: one that can travel. */
export function isReceiver<T = unknown> (value: unknown): value is ChannelReceiver<T> {
  return value instanceof ChannelReceiver
}
