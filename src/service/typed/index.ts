/*
 * Services of plain functions, for who never wants to see a verb: `service` and `createClient`. spec-service 7 is the
 * protocol.
 *
 * Read `method` and `typed-service`, then `attachment`, which answers calls; `create-client` and `rpc-client`,
 * which make them; `frames` is what goes between.
 */
export { callMethod, createClient } from './create-client.ts'
export { service } from './typed-service.ts'
export { Method, method } from './method.ts'
export { Contract, contract, implement } from './contract.ts'
export { RPC, RPC_LIMITS } from './frames.ts'

export type { Answer, Callable, CallMethod, MethodsOf, SequenceAnswer, TypedCallOptions, TypedClient } from './client-types.ts'
export type { CallContext } from './call-context.ts'
export type { ContractEntries, ContractEntry, ContractHandlers, ContractMethods } from './contract.ts'
export type { MethodHandler, MethodOptions, Methods } from './method.ts'
export type { MethodDescription } from './method-table.ts'
export type { TypedClientOptions } from './rpc-client.ts'
export type { TypedService, TypedServiceOptions } from './typed-service.ts'
