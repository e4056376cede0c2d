import { Deadline, raceSignal } from '../../base/index.ts'
import { fromErrorArgs, META, RetPipe, send, ServiceError, toMessage, verbName, VERBS, withCaller } from '../../service/index.ts'
import type { Clock } from '../../base/index.ts'
import type { Receiver } from '../../channel/index.ts'
import type { Caller, Message, ReceivedMessage, Reference, Verb } from '../../service/index.ts'

export interface Question {
  readonly verb: Verb
  readonly args: readonly string[]
  readonly meta?: Readonly<Record<string, string>> | undefined
  /** Who asks: the engine is to know. */
  readonly caller: Caller
}

export interface AskOptions {
  readonly clock: Clock
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** The first answer, and what follows it: to be received up to its end, or cancelled. */
export interface Answer {
  readonly message: ReceivedMessage
  readonly rest: Receiver<Message>
}

/**
 * Asks an object, as its answer is needed: with the text of a value, which JSON need not survive, and with who asks.
 *
 * @throws ServiceError as the answer says; NoAnswer; DeadlineExceeded; as `Sender.send`; the signal's reason
 */
export async function ask (target: Reference, { verb, args, meta, caller }: Question, { clock, timeoutMs, signal }: AskOptions): Promise<Answer> {
  using scope = new Deadline({
    clock,
    timeoutMs,
    signal,
    onTimeout: () => new ServiceError('DeadlineExceeded', `${verbName(verb)} was not answered within ${timeoutMs} ms`)
  })
  const request = withCaller({ verb, args, ret: RetPipe, meta: { ...meta, [META.timeoutMs]: String(Math.ceil(timeoutMs)) } } as const, caller)
  const rest = await send(target, request, { signal: scope.signal })

  try {
    const { value } = await raceSignal(rest.receive(), scope.signal)

    if (value == null) {
      throw new ServiceError('NoAnswer', `${verbName(verb)} got no answer: whoever handled it ended without one`)
    }

    const message = toMessage(value)

    if (message.verb === VERBS.error) {
      throw fromErrorArgs(message.args)
    }

    return { message, rest }
  } catch (thrown) {
    rest.cancel()
    throw thrown
  }
}

/** Gives up what came with an answer that is not used. */
export function discard ({ message, rest }: Answer): void {
  rest.cancel()
  message.att?.reset('not wanted')
  message.ret?.close().catch(() => {}) // it has gone
}
