/** Who sent a message. */
export interface Caller {
  /** The peer ID, proven by its connection; undefined for callers within this process. */
  readonly peer?: string | undefined
}

/** This process. */
export const LOCAL: Caller = Object.freeze({})

/** Symbols do not travel: what is found under this one was put there by this process. */
const CALLER = Symbol('caller')

/** The same message, marked with who sent it. A spread copy keeps the mark. */
export function withCaller<M extends object> (message: M, caller: Caller): M {
  return { ...message, [CALLER]: caller }
}

/** Who sent the message, if that was said. */
export function callerOf (message: object): Caller | undefined {
  return (message as { [CALLER]?: Caller })[CALLER]
}

/** For errors and logs. */
export function describeCaller ({ peer }: Caller): string {
  return peer == null ? 'this process' : `peer ${peer}`
}
