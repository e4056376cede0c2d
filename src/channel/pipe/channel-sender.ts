import { raceSignal } from '../../base/index.ts'
import { REASON_CODE, toReason } from '../contract/index.ts'
import { SendCall } from './calls.ts'
import { senderClosed } from './channel-errors.ts'
import { CheckedSendPort } from './checked-send-port.ts'
import { SharedSendPort } from './shared-send-port.ts'
import { TicketDesk } from './ticket-desk.ts'
import type { SendDesk } from './calls.ts'
import type { CallOptions, ChannelEnd, ChannelOptions, ReasonInput, Sender, SendPort } from '../contract/index.ts'

/** What `send` gives for a message that was taken at once: there is no need for a promise each. */
export const SENT: Promise<void> = Promise.resolve()

const NO_OPTIONS: CallOptions = Object.freeze({})

/** The sending end of a channel, over the port of any kind of it. */
export class ChannelSender<T> implements Sender<T> {
  readonly #desk: SendDesk<T>
  /** Whether each message is checked as it is offered; trying first would have it checked twice. */
  readonly #isChecked: boolean
  #isClosed = false

  /** @throws TypeError when `schema` is no Standard Schema */
  constructor (port: SendPort<T>, { schema }: ChannelOptions<T> = {}) {
    const checked = schema == null ? port : new CheckedSendPort(port, schema)

    this.#desk = new TicketDesk(checked, 'sender')
    this.#isChecked = isChecked(checked)
  }

  send (value: T, { signal }: CallOptions = NO_OPTIONS): Promise<void> {
    if (signal?.aborted === true) {
      return Promise.reject(signal.reason)
    }

    try {
      if (!this.#isChecked && this.#desk.port.trySend(value)) {
        return SENT
      }
    } catch (error) {
      return Promise.reject(error)
    }

    return new SendCall(this.#desk, value, signal).promise
  }

  trySend (value: T): boolean {
    return this.#desk.port.trySend(value)
  }

  /** @throws CodedError ChannelClosed after `close`, ChannelMoved */
  dup (): ChannelSender<T> {
    const { port } = this.#desk

    if (this.#isClosed) {
      throw senderClosed()
    }

    if (port instanceof SharedSendPort) {
      return new ChannelSender<T>(port.dup())
    }

    const [ours, theirs] = SharedSendPort.split(port)

    this.#desk.port = ours

    return new ChannelSender(theirs)
  }

  close ({ signal }: CallOptions = NO_OPTIONS): Promise<void> {
    this.#isClosed = true

    return raceSignal(this.#end(), signal)
  }

  abort (reason?: ReasonInput): void {
    const wanted = toReason(reason, REASON_CODE.failed)

    if (!this.#desk.isMoved) {
      this.#desk.port.abort(wanted)
    }
  }

  get closed (): Promise<ChannelEnd> {
    return this.#desk.closed
  }

  [Symbol.asyncDispose] (): Promise<void> {
    return this.close()
  }

  /** For `select`, and for whoever moves the end. */
  get desk (): SendDesk<T> {
    return this.#desk
  }

  get [Symbol.toStringTag] (): string {
    return 'ChannelSender'
  }

  async #end (): Promise<void> {
    if (!this.#desk.isMoved) {
      await this.#desk.port.close()
      // the port goes on when there are other handles; what was sent by this one still has to be taken
      await this.#desk.whenIdle()
    }
  }
}

/** The port of a sender, which is of no use from then on; undefined for what is no sender of ours. @throws CodedError ChannelMoved */
export function takeSendPort (sender: unknown): SendPort<unknown> | undefined {
  if (!isSender(sender)) {
    return undefined
  }

  const port = sender.desk.take()

  return port instanceof SharedSendPort ? port.unwrap() : port
}

/** Whether it is a sender of this package: one that can travel. */
export function isSender<T = unknown> (value: unknown): value is ChannelSender<T> {
  return value instanceof ChannelSender
}

function isChecked (port: object): boolean {
  return port instanceof CheckedSendPort || (port instanceof SharedSendPort && isChecked(port.port))
}
