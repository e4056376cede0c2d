import { Deadline, systemClock } from '../base/index.ts'
import { expectAnswer } from './answers.ts'
import { discard } from './discard.ts'
import { META } from './message.ts'
import { RetPipe, send } from './send.ts'
import { reference } from './serve.ts'
import { ServiceError, toErrorArgs } from './service-error.ts'
import { verbName, VERBS } from './verb.ts'
import type { Message, ReceivedMessage } from './message.ts'
import type { Reference, ServiceLike } from './service.ts'
import type { Verb } from './verb.ts'
import type { Clock } from '../base/index.ts'
import type { ByteStream, ByteStreamLike, CallOptions, Receiver } from '../channel/index.ts'

export interface ClientOptions {
  /** Until the first answer; of each call that names no other. @default Infinity */
  timeoutMs?: number | undefined
  /** What each request says about itself. */
  meta?: Readonly<Record<string, string>> | undefined
  /** @default systemClock */
  clock?: Clock | undefined
}

export interface RequestOptions extends CallOptions {
  /** Until the first answer, here and there: the service is told. */
  timeoutMs?: number | undefined
  /** Bytes to send along. */
  att?: ByteStreamLike | undefined
  meta?: Readonly<Record<string, string>> | undefined
}

/** What follows a verb: one string, or several. */
export type Args = string | readonly string[]

/** What `attach` gave. */
export interface Attachment {
  /** To speak to the object; undefined when it gave nothing to speak to. */
  readonly input: Client | undefined
  /** What the object says, up to its end. Receive it, or cancel it. */
  readonly output: Receiver<Message>
  readonly att: ByteStream | undefined
  readonly args: readonly string[]
}

export interface ReceivedFile {
  readonly args: readonly string[]
  readonly att: ByteStream | undefined
}

/**
 * Asks an object for things.
 *
 * Every call rejects with a ServiceError that carries the object's own code and message; with NoAnswer when it
 * ended without an answer, DeadlineExceeded when the time is up, what `Sender.send` throws, or the signal's reason.
 */
export class Client implements AsyncDisposable {
  /** To send messages by hand, or to send in a message. */
  readonly target: Reference
  readonly #options: ClientOptions

  constructor (object: ServiceLike, options: ClientOptions = {}) {
    this.target = reference(object, options)
    this.#options = options
  }

  /** A child by its name, or with no name the object's own console. */
  async attach (name: Args = '', options?: RequestOptions): Promise<Attachment> {
    const { answer, answers } = await this.#ask(VERBS.attach, name, options, [VERBS.ack])

    return {
      input: answer.ret == null ? undefined : new Client(answer.ret, this.#options),
      output: answers,
      att: answer.att,
      args: answer.args
    }
  }

  /** A child by its name, when only its answers to requests are wanted, not what it says by itself. */
  async child (name: Args, options?: RequestOptions): Promise<Client> {
    const { input, output } = await this.attach(name, options)

    output.cancel()

    if (input == null) {
      throw new ServiceError('NotFound', `${String(name)} has nothing to speak to`)
    }

    return input
  }

  /** Bytes that go both ways. */
  async connect (args: Args = [], options?: RequestOptions): Promise<ByteStream> {
    const { att } = await this.#askOnce(VERBS.connect, args, options, [VERBS.connect])

    if (att == null) {
      throw new ServiceError('NoAnswer', 'connect was answered without a byte stream')
    }

    return att
  }

  /** Tells of an error. No answer is wanted. */
  async error (error: unknown, options?: CallOptions): Promise<void> {
    await this.target.send({ verb: VERBS.error, args: toErrorArgs(error) }, options)
  }

  /** Gets a file, or with `att` gives one. */
  async file (args: Args, options?: RequestOptions): Promise<ReceivedFile> {
    const { args: about, att } = await this.#askOnce(VERBS.file, args, options, [VERBS.file, VERBS.ack])

    return { args: about, att }
  }

  /** A value: the object's own, or of what `args` name. */
  async get<T = unknown> (args: Args = [], options?: RequestOptions): Promise<T> {
    const [json] = await this.#askPlain(VERBS.get, args, options, VERBS.set)

    try {
      return JSON.parse(json ?? 'null') as T
    } catch (cause) {
      throw new ServiceError('NoAnswer', 'get was answered with what is no JSON', { cause })
    }
  }

  /** Tells something, with where it comes from or how bad it is. No answer is wanted. */
  async log (stream: string, text: string, options?: CallOptions): Promise<void> {
    await this.target.send({ verb: VERBS.log, args: [stream, text] }, options)
  }

  /** Names of children. */
  async ls (args: Args = [], options?: RequestOptions): Promise<readonly string[]> {
    return this.#askPlain(VERBS.ls, args, options, VERBS.set)
  }

  async set (args: Args, options?: RequestOptions): Promise<void> {
    await this.#askPlain(VERBS.set, args, options, VERBS.ack)
  }

  async setJson (value: unknown, options?: RequestOptions): Promise<void> {
    await this.set(JSON.stringify(value), options)
  }

  /** A new object. */
  async spawn (args: Args = [], options?: RequestOptions): Promise<Client> {
    const { ret } = await this.#askOnce(VERBS.spawn, args, options, [VERBS.ack])

    if (ret == null) {
      throw new ServiceError('NoAnswer', 'spawn was answered without an object')
    }

    return new Client(ret, this.#options)
  }

  async start (args: Args = [], options?: RequestOptions): Promise<void> {
    await this.#askPlain(VERBS.start, args, options, VERBS.ack)
  }

  async stop (args: Args = [], options?: RequestOptions): Promise<void> {
    await this.#askPlain(VERBS.stop, args, options, VERBS.ack)
  }

  /** What happens from now on. Receive it up to its end, or cancel it. */
  async watch (args: Args = [], options?: RequestOptions): Promise<Receiver<Message>> {
    return (await this.#ask(VERBS.watch, args, options, [VERBS.ack])).answers
  }

  /** Gives the reference up: the object is closed when no other is left. */
  async close (options?: CallOptions): Promise<void> {
    await this.target.close(options)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.close()
  }

  /** Of an answer that is strings alone: whatever else came along is let go of. */
  async #askPlain (verb: Verb, args: Args, options: RequestOptions | undefined, wanted: Verb): Promise<readonly string[]> {
    const answer = await this.#askOnce(verb, args, options, [wanted])

    discard(answer, 'this was not asked for')

    return answer.args
  }

  async #askOnce (verb: Verb, args: Args, options: RequestOptions | undefined, wanted: readonly Verb[]): Promise<ReceivedMessage> {
    const { answer, answers } = await this.#ask(verb, args, options, wanted)

    answers.cancel()

    return answer
  }

  async #ask (verb: Verb, args: Args, { signal, timeoutMs = this.#options.timeoutMs ?? Infinity, att, meta }: RequestOptions = {}, wanted: readonly Verb[]): Promise<{ answer: ReceivedMessage, answers: Receiver<Message> }> {
    if (!(timeoutMs >= 0)) {
      throw new RangeError(`timeoutMs must be a number of milliseconds from 0, received ${String(timeoutMs)}`)
    }

    using scope = new Deadline({
      clock: this.#options.clock ?? systemClock,
      timeoutMs,
      signal,
      onTimeout: () => new ServiceError('DeadlineExceeded', `${verbName(verb)} was not answered within ${timeoutMs} ms`)
    })

    const request = {
      verb,
      args: typeof args === 'string' ? [args] : args,
      ret: RetPipe,
      ...(att == null ? {} : { att }),
      ...metaOf({ ...this.#options.meta, ...meta }, timeoutMs)
    } as const
    const answers = await send(this.target, request, { signal: scope.signal })

    try {
      const { value } = await answers.receive({ signal: scope.signal })

      return { answer: expectAnswer(value, verb, wanted), answers }
    } catch (thrown) {
      answers.cancel(thrown instanceof Error ? thrown : undefined)
      throw thrown
    }
  }
}

/** Longer than this is for ever, and has too many digits to be sent. */
const MAX_TIMEOUT_MS = 1e14

function metaOf (meta: Readonly<Record<string, string>>, timeoutMs: number): Pick<Message, 'meta'> {
  const all = timeoutMs > MAX_TIMEOUT_MS ? meta : { ...meta, [META.timeoutMs]: String(Math.ceil(timeoutMs)) }

  return Object.keys(all).length === 0 ? {} : { meta: all }
}
