import type { Clock } from '../../base/index.ts'
import type { Caller } from '../caller.ts'

/** What a method may know about the call that it answers. */
export interface CallContext {
  /** Who asks. */
  readonly caller: Caller
  /** What the call says about itself: `timeout-ms`, trace context, what the caller added. */
  readonly meta: Readonly<Record<string, string>>
  /** When the caller stops waiting, on `clock`; undefined when it waits for ever. */
  readonly deadline: number | undefined
  readonly clock: Clock
  /** Aborts when the caller gives up, is gone, stops reading the sequence that it got, or when the deadline passes. */
  readonly signal: AbortSignal
}
