import { toError } from '../base/index.ts'
import { errorMessage } from './answers.ts'
import { callerOf, LOCAL, withCaller } from './caller.ts'
import { discard, discardBytes } from './discard.ts'
import { tellError } from './last-word.ts'
import { readMessages } from './read-messages.ts'
import { ServiceError } from './service-error.ts'
import { task } from './task.ts'
import { verbName } from './verb.ts'
import type { Message, ReceivedMessage } from './message.ts'
import type { Task, TaskOptions } from './task.ts'
import type { Sender } from '../channel/index.ts'

type Filtered = Message | undefined | readonly Message[]

/** What becomes of a message: nothing, itself, another, or several. */
export type FilterFunction = (message: ReceivedMessage) => Filtered | Promise<Filtered>

/**
 * A stage that passes on what `choose` makes of each message, in order. To pass a request on, keep its `ret`: it is answered by
 * whoever gets it. A request that is left out is answered with NoAnswer, and its bytes are reset. When `choose` throws, that is
 * the answer; without anybody to answer to, it is said as a report, and the next message comes.
 */
export function filter (choose: FilterFunction, options: TaskOptions = {}): Task {
  const name = options.name ?? 'this filter'

  return task(async ({ input, output, signal, clock }) => {
    for await (const message of readMessages(input, { signal })) {
      try {
        await sendAll(output, message, toList(await choose(message)), name, clock)
      } catch (thrown) {
        await refuse(output, message, thrown)
      }
    }
  }, { ...options, name })
}

async function sendAll (output: Sender<Message>, received: ReceivedMessage, messages: readonly Message[], name: string, clock: TaskOptions['clock']): Promise<void> {
  const { verb, ret, att } = received

  for (const message of messages) {
    // what is made of a message of a peer is not this process's own
    await output.send(withCaller(message, callerOf(message) ?? callerOf(received) ?? LOCAL))
  }

  if (!messages.some((message) => message.ret === ret)) {
    tellError(ret, new ServiceError('NoAnswer', `${name} let no ${verbName(verb)} through`), clock)
  }

  if (!messages.some((message) => message.att === att)) {
    discard({ att }, `${name} let no ${verbName(verb)} through`)
  }
}

/** @throws when nobody wants the output any more */
async function refuse (output: Sender<Message>, { ret, att }: ReceivedMessage, thrown: unknown): Promise<void> {
  const error = toError(thrown)

  discardBytes(att, error)

  if (ret == null) {
    await output.send(errorMessage(error))
  } else {
    tellError(ret, error)
  }
}

function toList (filtered: Filtered): readonly Message[] {
  if (filtered == null) {
    return []
  }

  return isList(filtered) ? filtered : [filtered]
}

function isList (filtered: Message | readonly Message[]): filtered is readonly Message[] {
  return Array.isArray(filtered)
}
