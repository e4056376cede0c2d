import { isCoded } from '../base/index.ts'
import { tellError } from './last-word.ts'
import { toMessage } from './message.ts'
import type { Message, ReceivedMessage } from './message.ts'
import type { CallOptions, Receiver } from '../channel/index.ts'

/**
 * What arrives, checked, up to the sender's close. What is no message is refused, to its sender if it said where
 * to, and left out. Leaving early cancels nothing.
 *
 * @throws as `Receiver.receive` for any other end: only a close is an end
 */
export async function * readMessages (receiver: Receiver<Message>, options?: CallOptions): AsyncGenerator<ReceivedMessage, void, undefined> {
  for await (const received of readAny(receiver, options)) {
    const message = checked(received)

    if (message != null) {
      yield message
    }
  }
}

/** As `readMessages`, without looking at what arrives. */
export async function * readAny (receiver: Receiver<Message>, options?: CallOptions): AsyncGenerator<unknown, void, undefined> {
  for (;;) {
    try {
      const { done, value } = await receiver.receive(options)

      if (done === true) {
        return
      }

      yield value
    } catch (error) {
      // a message that cannot be read is refused alone: its channel goes on
      if (!isCoded(error, 'MessageRejected')) {
        throw error
      }
    }
  }
}

/** What arrived, if it is a message; whoever sent what is none is told, if it said where to. */
export function checked (received: unknown): ReceivedMessage | undefined {
  try {
    return toMessage(received)
  } catch (thrown) {
    tellError((received as Partial<Message> | null | undefined)?.ret, thrown)

    return undefined
  }
}
