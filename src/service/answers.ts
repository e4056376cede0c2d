import { raceSignal } from '../base/index.ts'
import { discard } from './discard.ts'
import { toMessage } from './message.ts'
import { reference } from './serve.ts'
import { fromErrorArgs, ServiceError, toErrorArgs } from './service-error.ts'
import { isReference } from './service.ts'
import { verbName, VERBS } from './verb.ts'
import type { Call } from './call.ts'
import type { Message, ReceivedMessage } from './message.ts'
import type { ServiceLike } from './service.ts'
import type { Verb } from './verb.ts'
import type { ByteStreamLike } from '../channel/index.ts'

/** What `attach` gives: somewhere to speak to, what the object says, and bytes that go both ways. */
export interface Attached {
  /** What the caller may send to. */
  readonly input?: ServiceLike | undefined
  /** What the caller will receive; the answer goes on until it ends. Cancelled, by `return`, when the caller stops reading. */
  readonly output?: AsyncIterable<Message> | undefined
  /** Bytes: of a console, a log. */
  readonly att?: ByteStreamLike | undefined
  /** What to say with the Ack. */
  readonly args?: readonly string[] | undefined
}

/** Answers with Ack, a reference and bytes if there are any, then with all that comes out. */
export async function answerAttached (call: Call, { input, output, att, args = [] }: Attached): Promise<void> {
  try {
    await call.answer({ verb: VERBS.ack, args, ...retOf(call, input), ...(att == null ? {} : { att }) })
  } catch (thrown) {
    leave(output?.[Symbol.asyncIterator]())
    throw thrown
  }

  if (output != null) {
    await answerAll(call, output)
  }

  await call.end()
}

/** Sends on what comes, at the pace of the caller; an error ends the answers with an Error. When the caller goes, `messages` is left. */
export async function answerAll (call: Call, messages: AsyncIterable<Message>): Promise<void> {
  const { signal } = call
  const iterator = messages[Symbol.asyncIterator]()

  try {
    for (;;) {
      const next = iterator.next()
      const { done, value } = await raceSignal(next, signal).catch(async (thrown: unknown) => {
        leave(iterator, next) // a generator that waits cannot be left before it goes on
        throw thrown
      })

      if (done === true) {
        return
      }

      await call.answer(value)
    }
  } catch (thrown) {
    leave(iterator)
    throw thrown
  }
}

/** Nothing more is wanted; what comes all the same is let go of. */
function leave (iterator: AsyncIterator<Message> | undefined, next?: Promise<IteratorResult<Message>>): void {
  next?.then(({ done, value }) => {
    if (done !== true) {
      discard(value)
    }
  }).catch(() => {}) // it has ended: nobody is left to tell how

  iterator?.return?.().catch(() => {})
}

function retOf (call: Call, object: ServiceLike | undefined): Pick<Message, 'ret'> {
  if (object == null) {
    return {}
  }

  // objects that came of a call know who asked for them: whoever speaks to them is that caller
  return { ret: isReference(object) ? object : reference(object, { caller: call.caller, clock: call.clock }) }
}

export { retOf as referenceFor }

/** An error as a message. */
export function errorMessage (thrown: unknown): Message {
  return { verb: VERBS.error, args: toErrorArgs(thrown) }
}

/**
 * What was received as an answer, if it is one that was hoped for. Of another, what it carries is let go of.
 *
 * @throws ServiceError as the answer says; NoAnswer when there was none; InvalidMessage
 */
export function expectAnswer (received: Message | void, asked: Verb, wanted: readonly Verb[]): ReceivedMessage {
  if (received == null) {
    throw new ServiceError('NoAnswer', `${verbName(asked)} got no answer: whoever handled it ended without one`)
  }

  const answer = toMessage(received)

  if (wanted.includes(answer.verb)) {
    return answer
  }

  discard(answer, 'this is no answer that was asked for')

  throw answer.verb === VERBS.error
    ? fromErrorArgs(answer.args)
    : new ServiceError('NoAnswer', `${verbName(asked)} wants ${wanted.map(verbName).join(' or ')} for an answer, received ${verbName(answer.verb)}`)
}
