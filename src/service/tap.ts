import { toError } from '../base/index.ts'
import { pipe } from '../channel/index.ts'
import { errorMessage } from './answers.ts'
import { tellError } from './last-word.ts'
import { relay } from './relay.ts'
import { reference } from './serve.ts'
import { task } from './task.ts'
import { RPC, unsent } from './typed/frames.ts'
import { VERBS } from './verb.ts'
import type { Message, ReceivedMessage } from './message.ts'
import type { Reference, ServiceLike } from './service.ts'
import type { Task, TaskOptions } from './task.ts'
import type { Frame } from './typed/frames.ts'
import type { Receiver, Sender } from '../channel/index.ts'

/** A message that passes a tap. */
export interface Tapped {
  /** `request` goes to an object, `answer` comes from it. */
  readonly direction: 'request' | 'answer'
  /** Counts requests from 1; answers have the number of their request. */
  readonly id: number
  /** Which object: 0 is the one that is tapped, others are counted from 1 as they are given out in answers. */
  readonly object: number
  /** Its `ret` and `att` are on their way: look whether they are there, and leave them alone. */
  readonly message: ReceivedMessage
}

/** Is told of each message before it goes on; a promise holds it, and those behind it, up. */
export type Observe = (tapped: Tapped) => void | Promise<void>

/**
 * A stage that changes nothing: what comes goes on, answers come back, and `observe` sees both, on objects too that are given
 * out in answers. Ends are passed on as they are. When `observe` throws, the first error is said, as a report, and nothing more is observed.
 */
export function tap (observe: Observe, options: TaskOptions = {}): Task {
  return task(async ({ input, output, signal }) => {
    const report = async (error: Error): Promise<void> => output.send(errorMessage(error))

    // a handle: the task closes its output itself, behind what it still has to say
    const failure = await new Tap({ observe, report, signal }).relayRequests(input, output.dup(), 0)

    if (failure != null) {
      throw failure
    }
  }, { name: 'tap', ...options })
}

/** A reference to the same object, on which `observe` sees what is said. It owns `target`: they end together. */
export function tapped (target: ServiceLike, observe: Observe): Reference {
  return new Tap({ observe, report: () => {} }).toObject(reference(target))
}

interface TapInit {
  readonly observe: Observe
  report(error: Error): void | Promise<void>
  /** Ends all that is relayed. */
  readonly signal?: AbortSignal | undefined
}

/** What an answer is to. */
interface Answered {
  readonly id: number
  readonly object: number
  readonly caller: Sender<Message>
}

class Tap {
  readonly #init: TapInit
  #requests = 0
  #objects = 0
  #isBroken = false

  constructor (init: TapInit) {
    this.#init = init
  }

  /** What to speak to, in place of an object. */
  toObject (target: Reference, object = 0, results?: Sender<Message>): Reference {
    const [requests, sender] = pipe<Message>()

    void this.relayRequests(requests, target, object, results)

    return sender
  }

  /** Resolves as `relay` does. `results` is where callers of a typed service hear what became of their calls. */
  async relayRequests (from: Receiver<Message>, to: Reference, object: number, results?: Sender<Message>): Promise<Error | undefined> {
    return relay(from, to, {
      signal: this.#init.signal,
      pass: async (message) => this.#passRequest(message, object),
      onRefused: ({ ret }, error) => { tellError(ret, error) },
      ...(results == null ? {} : { onFrameRefused: async (frame: Frame, error: unknown) => (results as Sender<unknown>).send(unsent(frame, error)) })
    })
  }

  async #passRequest (message: ReceivedMessage, object: number): Promise<Message> {
    const id = ++this.#requests

    await this.#observe({ direction: 'request', id, object, message })

    return message.ret == null ? message : { ...message, ret: this.#toAnswers(message.ret, id, object) }
  }

  /** Where answers go, in place of the caller. */
  #toAnswers (caller: Sender<Message>, id: number, object: number): Sender<Message> {
    const [answers, ret] = pipe<Message>()

    void relay(answers, caller, {
      signal: this.#init.signal,
      pass: async (message) => this.#passAnswer(message, { id, object, caller }),
      onRefused: async (_message, error) => caller.send(errorMessage(error)),
      onFrameRefused: async (frame, error) => (caller as Sender<unknown>).send(unsent(frame, error))
    })

    return ret
  }

  async #passAnswer (message: ReceivedMessage, { id, object, caller }: Answered): Promise<Message> {
    const { verb, args, ret } = message
    const results = verb === VERBS.ack && args[0] === RPC ? caller : undefined

    await this.#observe({ direction: 'answer', id, object, message })

    return ret == null ? message : { ...message, ret: this.toObject(ret, ++this.#objects, results) }
  }

  async #observe (tapped: Tapped): Promise<void> {
    if (this.#isBroken) {
      return
    }

    try {
      await this.#init.observe(tapped)
    } catch (thrown) {
      this.#isBroken = true
      await this.#report(toError(thrown))
    }
  }

  async #report (error: Error): Promise<void> {
    try {
      await this.#init.report(error)
    } catch {
      // nobody hears of it any more: what is relayed goes on
    }
  }
}
