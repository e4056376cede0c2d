import { pipe } from '../../channel/index.ts'
import { expectAnswer } from '../answers.ts'
import { toMessage } from '../message.ts'
import { ServiceError } from '../service-error.ts'
import { VERBS } from '../verb.ts'
import { RPC, RPC_LIMITS } from './frames.ts'
import type { Receiver, Sender } from '../../channel/index.ts'
import type { Reference } from '../service.ts'

export interface RpcChannels {
  readonly calls: Sender<unknown>
  readonly results: Receiver<unknown>
  /** As the service says. */
  readonly maxOpenCalls: number
}

/**
 * Attaches to a typed service, by the name of the protocol: tasks and pipelines pass that on to the service that they
 * run, while an attachment without a name would be to their own console.
 *
 * @throws ServiceError as the object answers; FailedPrecondition when that is no typed service; as `Sender.send`
 */
export async function attachRpc (object: Reference, signal: AbortSignal): Promise<RpcChannels> {
  const [results, ret] = pipe<unknown>({ capacity: RPC_LIMITS.bufferedFrames })

  try {
    await object.send({ verb: VERBS.attach, args: [RPC], ret }, { signal })

    const { value } = await results.receive({ signal })
    const { args: [protocol, limit], ret: calls } = expectAnswer(value == null ? undefined : toMessage(value), VERBS.attach, [VERBS.ack])

    if (protocol !== RPC || calls == null) {
      calls?.abort()
      throw new ServiceError('FailedPrecondition', `wanted a typed service, which speaks ${RPC}, received an object that does not`)
    }

    return { calls, results, maxOpenCalls: Number(limit) >= 1 ? Number(limit) : RPC_LIMITS.maxOpenCalls }
  } catch (thrown) {
    results.cancel()
    throw thrown
  }
}
