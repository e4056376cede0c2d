import { toError } from '../../base/index.ts'
import { REASON_CODE, toReason } from '../contract/index.ts'
import { ReceiveCall } from './calls.ts'
import { sendErrorOf } from './channel-errors.ts'
import { isReceiver } from './channel-receiver.ts'
import { isSender, SENT } from './channel-sender.ts'
import type { CallOptions, ChannelEnd, ChannelReason, Receiver, Sender } from '../contract/index.ts'

/**
 * Sends on whatever is received, up to the end, at the pace of the slower side. Resolves to the number of messages.
 *
 * `sender` stays open, as only you know what else is to be sent; close it, or abort it when this rejects. What
 * ends the copying before the end also cancels `receiver`: a message may have been received that could not be
 * sent, and no later one may hide that.
 *
 * @throws what `receive` and `send` throw; the signal's reason
 */
export async function copy<T> (sender: Sender<T>, receiver: Receiver<T>, options: CallOptions = {}): Promise<number> {
  const source = new Source(receiver, options)
  const watch = isSender(sender) ? sender.desk.watch((end) => { source.stop(end) }) : undefined
  let count = 0

  try {
    for (;;) {
      options.signal?.throwIfAborted()

      const { done, value } = receiver.tryReceive() ?? await source.wait()

      if (done === true) {
        return count
      }

      const sent = sender.send(value, options)

      // waiting for what is done already would cost a turn for every message
      if (sent !== SENT) {
        await sent
      }

      count++
    }
  } catch (thrown) {
    receiver.cancel(reasonOf(thrown, options.signal))
    throw thrown
  } finally {
    watch?.[Symbol.dispose]()
  }
}

/** Waits for messages, but not when they could not be sent on any more: a receiver may be silent for ever. */
class Source<T> {
  readonly #receiver: Receiver<T>
  readonly #options: CallOptions
  #call: ReceiveCall<T> | undefined
  #end: ChannelEnd | undefined

  constructor (receiver: Receiver<T>, options: CallOptions) {
    this.#receiver = receiver
    this.#options = options
  }

  async wait (): Promise<IteratorResult<T, void>> {
    const receiver = this.#receiver

    if (this.#end != null) {
      throw sendErrorOf(this.#end)
    }

    if (!isReceiver<T>(receiver)) {
      return receiver.receive(this.#options)
    }

    const call = new ReceiveCall(receiver.desk, this.#options.signal)

    this.#call = call

    try {
      return await call.promise
    } finally {
      this.#call = undefined
    }
  }

  stop (end: ChannelEnd): void {
    this.#end = end
    this.#call?.stop(sendErrorOf(end))
  }
}

function reasonOf (thrown: unknown, signal: AbortSignal | undefined): ChannelReason {
  const error = toError(thrown)

  return signal?.aborted === true && signal.reason === thrown
    ? { code: REASON_CODE.cancelled, message: error.message }
    : toReason(error, REASON_CODE.failed)
}
