import type { Clock, Random } from '../../base/index.ts'
import type { CallOptions, Receiver, Sender } from '../contract/index.ts'

/**
 * What a `select` can wait for: a message of a receiver or its end, that a sender takes a value, that a signal
 * aborts, or that time passes.
 */
export type SelectBranch =
  | Receiver<unknown>
  | readonly [sender: Sender<unknown>, value: unknown]
  | AbortSignal
  | { readonly afterMs: number }

/** By name. */
export type SelectBranches = Readonly<Record<string, SelectBranch>>

/** The branches as given, but that each value fits its sender. */
export type FittingBranches<B extends SelectBranches> = {
  readonly [K in keyof B]: B[K] extends readonly [Sender<infer T>, unknown] ? readonly [sender: Sender<T>, value: T] : B[K]
}

/** What became of a `select`: the name of the branch that was taken, and what it gave. */
export type SelectResult<B extends SelectBranches> = ResultsByName<B>[keyof ResultsByName<B>]

type ResultsByName<B extends SelectBranches> = { [K in keyof B as NameOf<K>]: BranchResult<NameOf<K>, B[K]> }

/** As `Object.entries` has it: also of a name that was written as a number. */
type NameOf<K> = K extends string | number ? `${K}` : never

type BranchResult<Name extends string, Branch extends SelectBranch> =
  Branch extends Receiver<infer T> ? MessageResult<Name, T> | EndResult<Name>
    : Branch extends AbortSignal ? { readonly name: Name, readonly reason: unknown }
      : { readonly name: Name }

interface MessageResult<Name extends string, T> {
  readonly name: Name
  readonly done: false
  readonly value: T
}

interface EndResult<Name extends string> {
  readonly name: Name
  readonly done: true
  readonly value: undefined
}

export interface SelectOptions extends CallOptions {
  /** For `afterMs`. The machine's unless given. */
  clock?: Clock | undefined
  /** Which of several branches that are ready is taken. The machine's unless given. */
  random?: Random | undefined
}
