import { pipe } from '../channel/index.ts'
import { reasonOf } from './relay.ts'
import { serve } from './serve.ts'
import { ServiceError } from './service-error.ts'
import { verbName } from './verb.ts'
import type { Call, CallInit } from './call.ts'
import type { Message } from './message.ts'
import type { Reference } from './service.ts'
import type { ChannelEnd, Receiver, Sender } from '../channel/index.ts'

/**
 * The input of a task: what comes from all who attached. It ends when all of them have closed; it is aborted when one from
 * whom something had come, or the last of them, was lost or gave up, as what they had to say is then not complete.
 */
export class TaskInput {
  readonly receiver: Receiver<Message>
  readonly #name: string
  readonly #sender: Sender<Message>
  /** What was given out and is open, to be told when nobody reads any more. */
  readonly #open = new Set<Receiver<Message>>()
  #isAsked = false

  constructor (name: string) {
    const [receiver, sender] = pipe<Message>()

    this.#name = name
    this.receiver = receiver
    this.#sender = sender

    // it has ended, or does not want more: whoever still speaks is told
    void sender.closed.then((end) => {
      for (const open of this.#open) {
        open.cancel(reasonOf(end))
      }
    })
  }

  /** Whether anybody can send to it, or has. */
  get isAsked (): boolean {
    return this.#isAsked
  }

  /** One more that can send to it: the one that `init` names. */
  reference (init: CallInit): Reference {
    const [receiver, sender] = pipe<Message>()
    let hasSent = false

    this.#isAsked = true
    this.#open.add(receiver)
    void serve({
      handle: async (call) => {
        hasSent = true
        await this.pass(call)
      },
      close: async (end) => this.#onGone(receiver, end, hasSent)
    }, receiver, init)

    return sender
  }

  /** @throws ServiceError FailedPrecondition when it has ended; what `send` refuses */
  async pass (call: Call): Promise<void> {
    this.#isAsked = true

    try {
      await call.forward(this.#sender)
    } catch (cause) {
      throw new ServiceError('FailedPrecondition', `${this.#name} takes no ${verbName(call.verb)}: its input has ended`, { cause })
    }
  }

  /** Nobody reads any more. */
  end (): void {
    this.receiver.cancel(`${this.#name} has ended`)
  }

  async #onGone (receiver: Receiver<Message>, end: ChannelEnd, hasSent: boolean): Promise<void> {
    this.#open.delete(receiver)

    if (end.how !== 'closed' && (hasSent || this.#open.size === 0)) {
      this.#sender.abort(reasonOf(end))
    } else if (this.#open.size === 0) {
      await this.#sender.close()
    }
  }
}
