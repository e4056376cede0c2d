/**
 * Bounds on what others can make us spend: permits and counts, and nothing about whom to dial.
 *
 * ```
 * inbound socket -> pendingInbound -> upgrade -> admitInbound, admitPeer -> streams -> bytes
 *                   ConnectionLimits                                 StreamLimits   MemoryBudget
 * ```
 *
 * A permit is given back by disposing of it, twice does nothing, and a key without permits is
 * forgotten. A refusal is a ResourceLimitError: scope, used, maximum, and the option to raise. It is
 * our own doing, so it must never count as the fault of an address.
 *
 * Below the hard limits, `Trimmer` keeps the number of connections between two marks: `victims`
 * (pure) says which to close and why, `PeerProtection` which never. Read `scope` first.
 */
export { ConnectionLimits } from './connection-limits.ts'
export { StreamLimits } from './stream-limits.ts'
export { BUDGET_RELEASE_RATIO, MemoryBudget } from './memory-budget.ts'
export { TRIM_DELAY_MS, Trimmer } from './trimmer.ts'
export { chooseVictims, nextTrimAt } from './victims.ts'
export { MAX_PROTECTIONS, PeerProtection } from './peer-protection.ts'
export { ResourceLimitError } from './resource-limit-error.ts'
export { ipGroup, ipOf } from './ip.ts'
export type { ConnectionLimitsStat, RemoteHost } from './connection-limits.ts'
export type { ConnectionStreamLimits, StreamLimitsStat } from './stream-limits.ts'
export type { MemoryBudgetInit } from './memory-budget.ts'
export type { TrimCandidate, TrimRules, TrimVictim } from './victims.ts'
export type { TrimmerInit } from './trimmer.ts'
export type { ResourceLimitInit } from './resource-limit-error.ts'
