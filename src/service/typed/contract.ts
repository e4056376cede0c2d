import { Method } from './method.ts'
import { assertSchema } from './schema.ts'
import { service } from './typed-service.ts'
import type { CallContext } from './call-context.ts'
import type { MethodHandler, Methods } from './method.ts'
import type { TypedService, TypedServiceOptions } from './typed-service.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** What a method takes and gives: one `output`, or a sequence of `items`. */
export interface ContractEntry {
  readonly input: StandardSchemaV1
  readonly output?: StandardSchemaV1
  readonly items?: StandardSchemaV1
}

export type ContractEntries = Readonly<Record<string, ContractEntry>>

type In<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferInput<S> : unknown
type Out<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : unknown

/** The methods that a contract tells of. */
export type ContractMethods<C extends ContractEntries> = {
  readonly [K in keyof C]: C[K] extends { items: infer T } ? Method<In<C[K]['input']>, AsyncIterable<Out<T>>>
    : Method<In<C[K]['input']>, C[K] extends { output: infer T } ? Out<T> : unknown>
}

/** What implements a contract. */
export type ContractHandlers<C extends ContractEntries> = {
  readonly [K in keyof C]: (input: Out<C[K]['input']>, context: CallContext) =>
  C[K] extends { items: infer T } ? AsyncIterable<In<T>> | Promise<AsyncIterable<In<T>>>
    : C[K] extends { output: infer T } ? In<T> | Promise<In<T>>
      : unknown
}

/** Schemas of methods, apart from what implements them; made by `contract`. */
export class Contract<C extends ContractEntries = ContractEntries> {
  readonly entries: C

  constructor (entries: C) {
    this.entries = entries
  }
}

/**
 * What a service is to take and give, to be written before it, and shared with clients in other repositories:
 * `createClient(reference, { contract })` checks what it gets.
 *
 * @throws TypeError for what is no Standard Schema
 */
export function contract<C extends ContractEntries> (entries: C): Contract<C> {
  for (const [name, { input, output, items }] of Object.entries(entries)) {
    assertSchema(input, `the input of ${name}`)

    for (const schema of [output, items]) {
      if (schema != null) {
        assertSchema(schema, `the output of ${name}`)
      }
    }
  }

  return new Contract(entries)
}

/** A service that keeps a contract. @throws TypeError for a method that is missing; as `service` */
export function implement<C extends ContractEntries> ({ entries }: Contract<C>, handlers: ContractHandlers<C>, options?: TypedServiceOptions): TypedService<ContractMethods<C> & Methods> {
  const methods = Object.entries(entries).map(([name, { input, output, items }]) => {
    const handler: unknown = Object.hasOwn(handlers, name) ? handlers[name] : undefined

    if (typeof handler !== 'function') {
      throw new TypeError(`the contract wants a function for ${name}, received ${String(handler)}`)
    }

    return [name, new Method(input, output ?? items, handler as MethodHandler)]
  })

  return service(Object.fromEntries(methods) as ContractMethods<C> & Methods, options)
}
