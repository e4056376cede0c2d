import { toError } from '../../base/index.ts'
import { fromSequenceError } from './sequence-error.ts'
import type { Receiver } from '../../channel/index.ts'

/**
 * Has a sequence fail with what the service failed with, and with the signal's reason when that stops it. The receiver
 * stays the one that it is, so that it can still be sent on.
 */
export function tellReasons (receiver: Receiver<unknown>, signal: AbortSignal | undefined): void {
  const receive = receiver.receive.bind(receiver)
  let stopped: { readonly reason: unknown } | undefined

  const receiveOrTell: typeof receive = async (options) => {
    try {
      return await receive(options)
    } catch (error) {
      throw stopped == null ? fromSequenceError(error) : stopped.reason
    }
  }

  receiver.receive = receiveOrTell

  if (signal != null) {
    stopBy(receiver, signal, (reason) => { stopped = { reason } })
  }
}

/** Cancels it when the signal aborts before its end. */
function stopBy (receiver: Receiver<unknown>, signal: AbortSignal, onStop: (reason: unknown) => void): void {
  const onAbort = (): void => {
    onStop(signal.reason)
    receiver.cancel(toError(signal.reason))
  }

  signal.addEventListener('abort', onAbort, { once: true })
  void receiver.closed.then(() => { signal.removeEventListener('abort', onAbort) })
}
