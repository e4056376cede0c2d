import { toError } from '../base/index.ts'
import { ChannelError, describeReason, REASON_CODE, toReason } from '../channel/index.ts'
import { checked, readAny } from './read-messages.ts'
import { isRefusal } from './refusal.ts'
import { isFrame } from './typed/frames.ts'
import { discard as discardValue } from './typed/values.ts'
import type { Message, ReceivedMessage } from './message.ts'
import type { Frame } from './typed/frames.ts'
import type { ChannelEnd, ChannelReason, Receiver, Sender } from '../channel/index.ts'

export interface RelayOptions {
  /** What goes on in place of a message; it may take its time, and the next message waits. */
  pass? (message: ReceivedMessage): Message | Promise<Message>
  /** A message that could not be sent on, alone: the others go on. */
  onRefused(message: ReceivedMessage, error: unknown): void | Promise<void>
  /** The same for what the calls of a typed service consist of, spec-service 7. @default it ends them all */
  onFrameRefused?(frame: Frame, error: unknown): void | Promise<void>
  /** Ends both sides. */
  signal?: AbortSignal | undefined
}

/**
 * Passes on what is received at the pace of the slower side, and how it ends, both ways: a close as a close, an
 * abort as an abort, a cancellation as a cancellation, with their reasons. Resolves when both have ended, with the error
 * if that was not graceful, and never rejects: ChannelCancelled when nobody receives any more.
 */
export async function relay (from: Receiver<Message>, to: Sender<Message>, options: RelayOptions): Promise<Error | undefined> {
  const { signal } = options
  let unheard: Error | undefined
  const onAbort = (): void => {
    from.cancel(toReason(signal?.reason, REASON_CODE.cancelled))
    to.abort(toReason(signal?.reason, REASON_CODE.cancelled))
  }

  // the receiver behind `to` may give up while nothing comes
  void to.closed.then((end) => {
    if (end.how !== 'closed') {
      const reason = reasonOf(end)

      unheard ??= new ChannelError('ChannelCancelled', `the receiver wants no more messages (${describeReason(reason)})`, { reason })
      from.cancel(reason)
    }
  })
  signal?.addEventListener('abort', onAbort, { once: true })

  if (signal?.aborted === true) {
    onAbort()
  }

  try {
    for await (const received of readAny(from)) {
      const message = isFrame(received) ? received : checked(received)

      if (message != null) {
        await sendOn(to, message, options)
      }
    }

    await to.close()

    return undefined
  } catch (thrown) {
    const error = toError(thrown)

    from.cancel(toReason(error, REASON_CODE.failed))
    to.abort(toReason(error, REASON_CODE.failed))

    return signal?.aborted === true ? toError(signal.reason) : unheard ?? error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

async function sendOn (to: Sender<Message>, message: ReceivedMessage | Frame, options: RelayOptions): Promise<void> {
  if (isFrame(message)) {
    await sendFrame(to, message, options)
    return
  }

  const { pass = (same) => same, onRefused } = options

  try {
    await to.send(await pass(message))
  } catch (thrown) {
    if (!isRefusal(thrown)) {
      throw thrown
    }

    await onRefused(message, thrown)
  }
}

async function sendFrame (to: Sender<unknown>, frame: Frame, { onFrameRefused }: RelayOptions): Promise<void> {
  try {
    await to.send(frame)
  } catch (thrown) {
    discardValue(frame)

    if (onFrameRefused == null || !isRefusal(thrown)) {
      throw thrown
    }

    await onFrameRefused(frame, thrown)
  }
}

/** How one end ended, for the other side. */
export function reasonOf (end: ChannelEnd): ChannelReason {
  switch (end.how) {
    case 'aborted':
    case 'cancelled':
      return end.reason
    case 'lost':
      return { code: REASON_CODE.failed, message: end.error.message }
    default:
      return { code: REASON_CODE.cancelled, message: '' }
  }
}
