import { isCoded, raceSignal } from '../../base/index.ts'
import { fromErrorArgs, RetPipe, send, ServiceError, toMessage, verbName, VERBS, withCaller } from '../../service/index.ts'
import type { ByteStream, Receiver } from '../../channel/index.ts'
import type { Caller, Message, ReceivedMessage, Reference, Verb } from '../../service/index.ts'

export interface AskOptions {
  /** Until the answer, and for as long as more is received. */
  signal: AbortSignal
  att?: ByteStream | undefined
  meta?: Readonly<Record<string, string>> | undefined
}

/** An answer, and what follows it. Disposing of it tells the other side that no more is wanted. */
export class Answer implements Disposable {
  readonly message: ReceivedMessage
  readonly #rest: Receiver<Message>

  constructor (message: ReceivedMessage, rest: Receiver<Message>) {
    this.message = message
    this.#rest = rest
  }

  /** What follows, up to the end. @throws as `Receiver.receive` */
  async * following (signal: AbortSignal): AsyncGenerator<Message, void> {
    for (;;) {
      const { done, value } = await this.#rest.receive({ signal })

      if (done === true) {
        return
      }

      yield value
    }
  }

  [Symbol.dispose] (): void {
    this.#rest.cancel()
  }
}

/**
 * An object at the right: the engine, a container, an exec. Its JSON is passed on as the text that it came as, since
 * counters of 64 bits do not survive `JSON.parse`.
 */
export class Remote implements AsyncDisposable {
  readonly #target: Reference
  readonly #caller: Caller

  /** `caller` is who spawned the server: what it may not ask, its HTTP clients may not either. */
  constructor (target: Reference, caller: Caller) {
    this.#target = target
    this.#caller = caller
  }

  /**
   * Asks, and gives the first answer if it has the wanted verb.
   *
   * @throws ServiceError as the answer says; Unavailable when nobody is there to ask; NoAnswer; the signal's reason
   */
  async ask (verb: Verb, args: readonly string[], wanted: Verb, { signal, att, meta }: AskOptions): Promise<Answer> {
    const request = withCaller({
      verb,
      args,
      ret: RetPipe,
      ...(att == null ? {} : { att }),
      ...(meta == null ? {} : { meta })
    } as const, this.#caller)
    const answers = await send(this.#target, request, { signal }).catch((thrown: unknown) => { throw unavailable(thrown) })

    try {
      const { value } = await raceSignal(answers.receive(), signal)

      return new Answer(expect(value, verb, wanted), answers)
    } catch (thrown) {
      answers.cancel()
      throw thrown
    }
  }

  /** A value, as the JSON that it came as. @throws as `ask` */
  async get (args: readonly string[], signal: AbortSignal): Promise<string> {
    using answer = await this.ask(VERBS.get, args, VERBS.set, { signal })

    return answer.message.args[0] ?? 'null'
  }

  /** What is acknowledged; the args of the Ack. @throws as `ask` */
  async do (verb: Verb, args: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    using answer = await this.ask(verb, args, VERBS.ack, { signal })

    return answer.message.args
  }

  /** A child by its name. Close it. @throws as `ask` */
  async child (name: string, signal: AbortSignal): Promise<Remote> {
    using answer = await this.ask(VERBS.attach, [name], VERBS.ack, { signal })

    return this.objectOf(answer.message)
  }

  /** The object in an answer. @throws ServiceError NoAnswer */
  objectOf ({ ret }: Message): Remote {
    if (ret == null) {
      throw new ServiceError('NoAnswer', 'wanted an object, received an answer without one')
    }

    return new Remote(ret, this.#caller)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.#target.close().catch(() => {}) // the session that it came over may have ended
  }
}

function expect (answer: Message | void, asked: Verb, wanted: Verb): ReceivedMessage {
  if (answer == null) {
    throw new ServiceError('NoAnswer', `${verbName(asked)} got no answer: whoever handled it ended without one`)
  }

  const message = toMessage(answer)

  if (message.verb === VERBS.error) {
    throw fromErrorArgs(message.args)
  }

  if (message.verb !== wanted) {
    throw new ServiceError('NoAnswer', `${verbName(asked)} wants ${verbName(wanted)} for an answer, received ${verbName(message.verb)}`)
  }

  return message
}

const GONE = ['ChannelClosed', 'ChannelCancelled', 'ChannelMoved', 'SessionClosed', 'ConnectionLost'] as const

function unavailable (thrown: unknown): unknown {
  if (!GONE.some((code) => isCoded(thrown, code))) {
    return thrown
  }

  return new ServiceError('Unavailable', 'wanted to ask the engine at the right of dockerserver, but it has ended', { cause: thrown })
}
