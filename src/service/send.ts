import { pipe } from '../channel/index.ts'
import type { Message } from './message.ts'
import type { Reference } from './service.ts'
import type { CallOptions, Receiver } from '../channel/index.ts'

/** As `ret` of a message to send: make a channel for the answers, and give me its receiver. */
export const RetPipe: unique symbol = Symbol('RetPipe')

export type MessageWithRetPipe = Omit<Message, 'ret'> & { readonly ret: typeof RetPipe }

/**
 * Sends a message. With `ret: RetPipe` it gives the channel of the answers, which is to be received from up to
 * its end, or cancelled.
 *
 * @throws as `Sender.send`
 */
export function send (target: Reference, message: MessageWithRetPipe, options?: CallOptions): Promise<Receiver<Message>>
export function send (target: Reference, message: Message, options?: CallOptions): Promise<void>
export async function send (target: Reference, message: Message | MessageWithRetPipe, options?: CallOptions): Promise<Receiver<Message> | void> {
  if (message.ret !== RetPipe) {
    return target.send(message, options)
  }

  const [answers, ret] = pipe<Message>()

  try {
    await target.send({ ...message, ret }, options)
  } catch (thrown) {
    answers.cancel()
    throw thrown
  }

  return answers
}
