import { isCoded, toError } from '../base/index.ts'
import { serve, ServiceError } from '../service/index.ts'
import type { Call, Reference, TaskContext } from '../service/index.ts'

/** How channels end that somebody else has ended, or the loss of a connection. */
const GONE = ['ChannelClosed', 'ChannelAborted', 'ChannelCancelled', 'SessionClosed', 'ConnectionLost'] as const

/** Whether an error says that whoever was spoken to is not there any more. */
export function isGone (thrown: unknown): boolean {
  return GONE.some((code) => isCoded(thrown, code))
}

/**
 * Hands all that a stage is sent to `target`: answers come from there straight to whoever asked. Resolves when the input
 * has ended and `target` was closed behind it. `name` is that of the target, for errors.
 *
 * @throws ServiceError Unavailable when the input was cut off, which is no end; `target` is aborted with that
 */
export async function passOn ({ input, clock }: Pick<TaskContext, 'input' | 'clock'>, target: Reference, name: string): Promise<void> {
  const end = await serve({ handle: async (call) => pass(call, target, name) }, input, { clock })

  if (end.how === 'aborted' || end.how === 'lost') {
    const cause = end.how === 'lost' ? end.error : new Error(end.reason.message)
    const error = new ServiceError('Unavailable', `what was to be passed on to ${name} was cut off: ${cause.message}`, { cause })

    target.abort(error)
    throw error
  }

  await target.close()
}

async function pass (call: Call, target: Reference, name: string): Promise<void> {
  try {
    await call.forward(target)
  } catch (thrown) {
    call.att?.reset(toError(thrown)) // whoever writes it would wait for ever
    throw isGone(thrown) ? new ServiceError('Unavailable', `${name} is not there any more`, { cause: thrown }) : thrown
  }
}
