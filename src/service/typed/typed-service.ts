import { pipe } from '../../channel/index.ts'
import { Server } from '../server.ts'
import { ServiceError } from '../service-error.ts'
import { VERBS } from '../verb.ts'
import { Attachment } from './attachment.ts'
import { RPC, RPC_LIMITS } from './frames.ts'
import { describeMethod, toMethodTable } from './method-table.ts'
import type { MethodTable } from './method-table.ts'
import type { Methods } from './method.ts'
import type { ChannelEnd, Sender } from '../../channel/index.ts'
import type { Call } from '../call.ts'
import type { AttachmentOptions } from './attachment.ts'
import type { Handler, Service } from '../service.ts'

export interface TypedServiceOptions extends AttachmentOptions {
  /** For errors, and for who lists it. @default 'this service' */
  name?: string | undefined
  /** A reference to the service has gone, and all that came by it is answered. */
  onClose? (end: ChannelEnd): void | Promise<void>
}

/** Methods that can be called from anywhere; made by `service`. It answers `ls`, `get` and `attach`, as any object does. */
export interface TypedService<M extends Methods = Methods> extends Service {
  readonly name: string
  readonly methods: M
  close (end: ChannelEnd): Promise<void>
}

/**
 * A service of functions: each takes one input and gives a value, a channel, a byte stream, or a sequence if it is a
 * generator. Clients know the types by `createClient<typeof users>`. What a function throws reaches its caller with
 * code, message and data.
 *
 * @example
 * ```ts
 * const sums = service({ add: async ({ a, b }: { a: number, b: number }) => a + b }, { name: 'sums' })
 * ```
 *
 * @throws TypeError for a name that could not be called, and what is neither a function, a `method` nor a group of those
 */
export function service<M extends Methods> (methods: M, options: TypedServiceOptions = {}): TypedService<M> {
  return new MethodService(methods, options)
}

class MethodService<M extends Methods> implements TypedService<M> {
  readonly name: string
  readonly methods: M
  readonly handle: Handler
  readonly #table: MethodTable
  readonly #options: TypedServiceOptions

  constructor (methods: M, options: TypedServiceOptions) {
    this.name = options.name ?? 'this service'
    this.methods = methods
    this.#table = toMethodTable(methods)
    this.#options = options
    this.handle = new Server(this.name)
      .onLs(() => [...this.#table.keys()].sort())
      .onGet(([name]) => this.#describe(name))
      .onVerb(VERBS.attach, async (call) => this.#attach(call))
      .handle
  }

  async close (end: ChannelEnd): Promise<void> {
    await this.#options.onClose?.(end)
  }

  #describe (name: string | undefined): unknown {
    if (name == null) {
      return { name: this.name, methods: [...this.#table.values()].map(describeMethod) }
    }

    const method = this.#table.get(name)

    if (method == null) {
      throw new ServiceError('NotFound', `${this.name} has no method ${JSON.stringify(name)}; it has ${[...this.#table.keys()].sort().join(', ')}`)
    }

    return describeMethod(method)
  }

  async #attach (call: Call): Promise<void> {
    // with an empty name in front, or as the name: the latter gets through tasks and pipelines, which have consoles
    const [name = '', protocol = ''] = call.args[0] === RPC ? ['', RPC] : call.args
    const maxOpenCalls = this.#options.maxOpenCalls ?? RPC_LIMITS.maxOpenCalls

    if (name !== '') {
      throw new ServiceError('NotFound', `${this.name} has methods, but no child ${JSON.stringify(name)}`)
    }

    if (protocol !== RPC) {
      throw new ServiceError('NotImplemented', `${this.name} has no console: attach to it with ${RPC}, as createClient does, received ${JSON.stringify(protocol)}`)
    }

    const results = call.takeRet() as Sender<unknown> | undefined

    if (results != null) {
      await this.#serve(results, maxOpenCalls, call)
    }
  }

  async #serve (results: Sender<unknown>, maxOpenCalls: number, { caller, clock }: Call): Promise<void> {
    const [calls, sender] = pipe<unknown>({ capacity: RPC_LIMITS.bufferedFrames })

    try {
      await results.send({ verb: VERBS.ack, args: [RPC, String(maxOpenCalls)], ret: sender })
    } catch (error) {
      calls.cancel()
      throw error
    }

    await new Attachment(calls, results, { methods: this.#table, caller, clock, options: this.#options }).run()
  }
}
