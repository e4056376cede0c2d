import { assertSchema } from './schema.ts'
import type { CallContext } from './call-context.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** A method without schemas: its types are what it says, and nobody checks them. Generators and channels give sequences. */
// as a method of an object, so that handlers may ask for more than `unknown`
export type MethodHandler = { handle(input: unknown, context: CallContext): unknown }['handle']

/** What there is to call: methods by name, and groups of them. */
export interface Methods {
  readonly [name: string]: Method<never, unknown> | MethodHandler | Methods
}

export interface MethodOptions {
  /** For people who list the service. */
  description?: string | undefined
}

/** A method with schemas; made by `method`. */
export class Method<I, O> {
  readonly input: StandardSchemaV1
  /** Of the output, or of each element of a sequence. */
  readonly output: StandardSchemaV1 | undefined
  readonly handler: MethodHandler
  readonly description: string | undefined
  /** For the compiler: what callers give and get. */
  declare readonly types?: { input(value: I): void, output(): O }

  constructor (input: StandardSchemaV1, output: StandardSchemaV1 | undefined, handler: MethodHandler, { description }: MethodOptions = {}) {
    this.input = input
    this.output = output
    this.handler = handler
    this.description = description
  }
}

type In<S extends StandardSchemaV1> = StandardSchemaV1.InferInput<S>
type Out<S extends StandardSchemaV1> = StandardSchemaV1.InferOutput<S>
type Maybe<T> = T | Promise<T>

/**
 * A method whose input is checked before the handler sees it, and whose output before it leaves. Any Standard
 * Schema will do: zod, valibot, arktype. Of a sequence, `output` is the schema of each element.
 *
 * @throws TypeError when a schema is none, or the handler no function
 */
export function method<S extends StandardSchemaV1, R> (input: S, handler: (input: Out<S>, context: CallContext) => R, options?: MethodOptions): Method<In<S>, R>
export function method<S extends StandardSchemaV1, T extends StandardSchemaV1> (input: S, output: T, handler: (input: Out<S>, context: CallContext) => Maybe<AsyncIterable<In<T>>>, options?: MethodOptions): Method<In<S>, AsyncIterable<Out<T>>>
export function method<S extends StandardSchemaV1, T extends StandardSchemaV1> (input: S, output: T, handler: (input: Out<S>, context: CallContext) => Maybe<In<T>>, options?: MethodOptions): Method<In<S>, Out<T>>
export function method (input: StandardSchemaV1, ...rest: readonly unknown[]): Method<never, unknown> {
  // arktype's schemas are functions too: what is no schema is the handler
  const [output, handler, options] = isHandler(rest[0]) ? [undefined, ...rest] : rest

  assertSchema(input, 'the input of a method')

  if (output !== undefined) {
    assertSchema(output as StandardSchemaV1, 'the output of a method')
  }

  if (typeof handler !== 'function') {
    throw new TypeError(`the handler of a method must be a function, received ${String(handler)}`)
  }

  return new Method(input, output as StandardSchemaV1 | undefined, handler as MethodHandler, options as MethodOptions | undefined)
}

function isHandler (value: unknown): boolean {
  return typeof value === 'function' && !('~standard' in value)
}
