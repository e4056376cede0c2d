import { answerAll, answerAttached, referenceFor } from './answers.ts'
import { notImplemented } from './not-implemented.ts'
import { fromErrorArgs } from './service-error.ts'
import { isReference, toService } from './service.ts'
import { VERB_NAMES, VERBS } from './verb.ts'
import type { Attached } from './answers.ts'
import type { Call } from './call.ts'
import type { Message } from './message.ts'
import type { ServiceError } from './service-error.ts'
import type { Handler, Reference, Service, ServiceLike } from './service.ts'
import type { Verb, VerbName } from './verb.ts'
import type { ByteStreamLike, ChannelEnd } from '../channel/index.ts'

/** A file, as `onFile` gives it: bytes, and the strings that describe them. */
export interface FileAnswer {
  readonly args?: readonly string[] | undefined
  readonly att: ByteStreamLike
}

/**
 * An object made of handlers, one for each verb it answers. The handlers get what the verb is about and give
 * its answer, so that none is forgotten; `onVerb` and `catchall` get the call itself. A verb without a handler
 * is answered with NotImplemented.
 *
 * @example
 * ```ts
 * const counter = new Server('counter').onGet(() => count).onSet(([value]) => { count = Number(value) })
 * ```
 */
export class Server implements Service {
  /** For errors. */
  readonly name: string

  readonly #handlers = new Map<Verb, Handler>()
  #catchall: Handler
  #onClose: ((end: ChannelEnd) => void | Promise<void>) | undefined

  constructor (name = 'this object') {
    this.name = name
    this.#catchall = notImplemented(name)
  }

  /** The verbs that have a handler. */
  get verbs (): VerbName[] {
    return VERB_NAMES.filter((name) => this.#handlers.has(VERBS[name]))
  }

  handle = async (call: Call): Promise<void> => {
    await (this.#handlers.get(call.verb) ?? this.#catchall)(call)
  }

  async close (end: ChannelEnd): Promise<void> {
    await this.#onClose?.(end)
  }

  /** Handles a verb by hand; what was neither answered nor forwarded when `handler` returns is answered with NoAnswer. */
  onVerb (verb: Verb, handler: Handler): this {
    this.#handlers.set(verb, handler)

    return this
  }

  /** Handles all verbs without a handler of their own. */
  catchall (handler: Handler | Reference | Service): this {
    this.#catchall = isReference(handler) ? async (call) => call.forward(handler) : toService(handler).handle

    return this
  }

  /** Is told when the last reference to the object has gone. */
  onClose (listener: (end: ChannelEnd) => void | Promise<void>): this {
    this.#onClose = listener

    return this
  }

  /** `name` is empty for the object itself: its console, say. Giving an object stands for `{ input: object }`. */
  onAttach (handler: (name: string, call: Call) => Attached | ServiceLike | Promise<Attached | ServiceLike>): this {
    return this.onVerb(VERBS.attach, async (call) => {
      const given = await handler(call.args[0] ?? '', call)

      await answerAttached(call, isObject(given) ? { input: given } : given)
    })
  }

  /** Gives bytes that go both ways. */
  onConnect (handler: (args: readonly string[], call: Call) => ByteStreamLike | Promise<ByteStreamLike>): this {
    return this.onVerb(VERBS.connect, async (call) => {
      await call.answer({ verb: VERBS.connect, args: [], att: await handler(call.args, call) })
      await call.end()
    })
  }

  /** Is told of errors. They end nothing by themselves. */
  onError (handler: (error: ServiceError, call: Call) => void | Promise<void>): this {
    return this.onVerb(VERBS.error, async (call) => {
      await handler(fromErrorArgs(call.args), call)
      await acknowledge(call)
    })
  }

  /** Gives a file, or takes the one in `call.att`. */
  onFile (handler: (args: readonly string[], call: Call) => FileAnswer | void | Promise<FileAnswer | void>): this {
    return this.onVerb(VERBS.file, async (call) => {
      const file = await handler(call.args, call)

      await (file == null ? acknowledge(call) : call.answer({ verb: VERBS.file, args: file.args ?? [], att: file.att }))
      await call.end()
    })
  }

  /** Gives a value, which travels as JSON. */
  onGet (handler: (args: readonly string[], call: Call) => unknown): this {
    return this.onVerb(VERBS.get, async (call) => {
      const value = await handler(call.args, call)

      await call.answer({ verb: VERBS.set, args: [JSON.stringify(value ?? null)] })
      await call.end()
    })
  }

  /** `args` are where it came from, `stderr` or a level, and the text. */
  onLog (handler: (args: readonly string[], call: Call) => void | Promise<void>): this {
    return this.#onDone(VERBS.log, handler)
  }

  /** Gives names of children. */
  onLs (handler: (args: readonly string[], call: Call) => readonly string[] | Promise<readonly string[]>): this {
    return this.onVerb(VERBS.ls, async (call) => {
      await call.answer({ verb: VERBS.set, args: await handler(call.args, call) })
      await call.end()
    })
  }

  onSet (handler: (args: readonly string[], call: Call) => void | Promise<void>): this {
    return this.#onDone(VERBS.set, handler)
  }

  /** Gives a new object. */
  onSpawn (handler: (args: readonly string[], call: Call) => ServiceLike | Promise<ServiceLike>): this {
    return this.onVerb(VERBS.spawn, async (call) => {
      await call.answer({ verb: VERBS.ack, args: [], ...referenceFor(call, await handler(call.args, call)) })
      await call.end()
    })
  }

  onStart (handler: (args: readonly string[], call: Call) => void | Promise<void>): this {
    return this.#onDone(VERBS.start, handler)
  }

  /** Stopping what is stopped already does nothing. */
  onStop (handler: (args: readonly string[], call: Call) => void | Promise<void>): this {
    return this.#onDone(VERBS.stop, handler)
  }

  /** Gives what happens, until it ends or the caller stops listening. */
  onWatch (handler: (args: readonly string[], call: Call) => AsyncIterable<Message> | Promise<AsyncIterable<Message>>): this {
    return this.onVerb(VERBS.watch, async (call) => {
      const messages = await handler(call.args, call)

      await call.ack()
      await answerAll(call, messages)
      await call.end()
    })
  }

  #onDone (verb: Verb, handler: (args: readonly string[], call: Call) => void | Promise<void>): this {
    return this.onVerb(verb, async (call) => {
      await handler(call.args, call)
      await acknowledge(call)
    })
  }
}

async function acknowledge (call: Call): Promise<void> {
  await call.ack()
  await call.end()
}

function isObject (given: Attached | ServiceLike): given is ServiceLike {
  return typeof given === 'function' || 'handle' in given || 'send' in given
}
