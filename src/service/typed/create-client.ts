import { Client } from '../client.ts'
import { reference } from '../serve.ts'
import { isName, SEPARATOR } from './method-names.ts'
import { RpcClient } from './rpc-client.ts'
import type { Callable, TypedCallOptions, TypedClient } from './client-types.ts'
import type { TypedClientOptions } from './rpc-client.ts'
import type { ServiceLike } from '../service.ts'

const clients = new WeakMap<object, RpcClient>()

/** Methods that a client keeps at hand; others are made anew each time. */
const MAX_KEPT = 1024

/**
 * A client of a typed service: its methods, as functions that return promises. A sequence can be iterated over as it
 * is, without `await`.
 *
 * Calls reject with a ServiceError that carries the service's code, message and data; DeadlineExceeded when the time is
 * up; the signal's reason; what the channel refused of this call alone; and, once the service cannot be reached, with why.
 * The client does not reconnect: make another. Disposing ends it, and with it the reference that was given; a `Client` stays
 * open for whoever has it.
 *
 * @example
 * ```ts
 * await using client = createClient<typeof users>(reference, { timeoutMs: 5_000 })
 *
 * const user = await client.get({ id: 1 })
 *
 * for await (const change of client.watch({ id: 1 })) { ... }
 * ```
 */
export function createClient<S extends Callable> (object: S, options?: TypedClientOptions): TypedClient<S>
export function createClient<S extends Callable> (object: ServiceLike | Client, options?: TypedClientOptions): TypedClient<S>
export function createClient (object: ServiceLike | Client, options: TypedClientOptions = {}): object {
  const given = object instanceof Client ? object : undefined
  const target = given?.target ?? reference(object as ServiceLike, { clock: options.clock })
  const rpc = new RpcClient(target, options)
  const dispose = async (): Promise<void> => {
    rpc.close()

    if (given == null) {
      await target.close()
    }
  }
  const client: object = Object.create(methodsAt(rpc, ''), { [Symbol.asyncDispose]: { value: dispose } })

  clients.set(client, rpc)

  return client
}

/**
 * Calls a method by its name, with the groups that it is in: `users.get`. For programs that learn it as they run.
 *
 * @throws TypeError for what `createClient` did not make
 */
export function callMethod (client: object, name: string, input?: unknown, options?: TypedCallOptions): Promise<unknown> & AsyncIterable<unknown> {
  const rpc = clients.get(client)

  if (rpc == null) {
    throw new TypeError('callMethod takes a client that createClient made')
  }

  return rpc.call(name, input, options) as Promise<unknown> & AsyncIterable<unknown>
}

/**
 * What a group's methods are inherited from: a function for any name that may be one, `then` not among them, so that
 * clients can be awaited. Functions are groups too, as nobody here knows which.
 */
function methodsAt (rpc: RpcClient, path: string): object {
  let kept = 0

  return new Proxy(Object.prototype, {
    get: (target, key, receiver: object) => {
      if (typeof key !== 'string' || !isName(key)) {
        return Reflect.get(target, key, receiver) as unknown
      }

      const method = toMethod(rpc, `${path}${key}`)

      if (kept < MAX_KEPT) {
        kept++
        // found on the object itself from now on, without coming here
        Object.defineProperty(receiver, key, { value: method, configurable: true })
      }

      return method
    }
  })
}

function toMethod (rpc: RpcClient, name: string): object {
  const method = (input: unknown, options?: TypedCallOptions): Promise<unknown> => rpc.call(name, input, options)

  // a group may have methods of these names
  Reflect.deleteProperty(method, 'name')
  Reflect.deleteProperty(method, 'length')

  return Object.setPrototypeOf(method, methodsAt(rpc, `${name}${SEPARATOR}`)) as object
}
