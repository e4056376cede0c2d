import type { Contract, ContractMethods } from './contract.ts'
import type { Method } from './method.ts'
import type { TypedService } from './typed-service.ts'
import type { ByteStream, ByteStreamLike, CallOptions, Receiver, Wire } from '../../channel/index.ts'

export interface TypedCallOptions extends CallOptions {
  /** Until the result, here and there: the service is told. A sequence goes on after it. */
  timeoutMs?: number | undefined
  /** What this call says about itself, besides what the client says of all. */
  meta?: Readonly<Record<string, string>> | undefined
}

/** What came of a call that gives a sequence: iterate over it, or await the receiver. Leaving the loop ends the sequence there. */
export type SequenceAnswer<T> = Promise<Receiver<T>> & AsyncIterable<T>

/** What a method gives, as its callers get it. */
export type Answer<R> =
  unknown extends R ? Promise<R>
    : [R] extends [void] ? Promise<R>
        : [R] extends [ByteStreamLike] ? Promise<ByteStream>
            : [R] extends [AsyncIterable<infer T>] ? SequenceAnswer<Wire<T>>
                : Promise<Wire<R>>

type CallArguments<I> = undefined extends I ? [input?: I, options?: TypedCallOptions] : [input: I, options?: TypedCallOptions]

/** A method, as its callers have it. */
export interface CallMethod<I, R> {
  (...args: CallArguments<I>): Answer<R>
}

/** The methods of a service, as its callers have them. */
export type MethodsOf<M> = {
  readonly [K in keyof M]:
  M[K] extends Method<infer I, infer O> ? CallMethod<I, Awaited<O>>
    : M[K] extends (...args: infer A) => infer R ? CallMethod<A extends readonly [infer I, ...unknown[]] ? I : undefined, Awaited<R>>
      : MethodsOf<M[K]>
}

/** The client of a service, or of a contract. */
export type TypedClient<S> = AsyncDisposable & (
  S extends TypedService<infer M> ? MethodsOf<M>
    : S extends Contract<infer C> ? MethodsOf<ContractMethods<C>>
      : never
)

/** What a client can be made for. */
export type Callable = TypedService | Contract
