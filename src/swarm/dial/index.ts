/**
 * From a peer's addresses to one connection.
 *
 * ```
 * addresses -> resolve -> address-filter -> black-hole -> dial-backoff -> dial-ranker -> dial-limiter -> transport
 *              names      what is no use    what never     what failed    whose turn      how many
 *              to IPs                       comes back     just now       comes when      at a time
 * ```
 *
 * Each of these is a rule by itself: time comes in as an argument, and only `resolve`, the gater and
 * the dial that the limiter is given do any I/O. Who dials, and for whom, is in `dial-worker` and
 * `dial-sync`. What fails on the way becomes an AddressError, and all of those one DialError.
 *
 * Read `dial-error` first (what can go wrong, and how it is told), then the others in the order above.
 */
export { AddressError, DialError, hasCause, toAddressError } from './dial-error.ts'
export { BlackHoleCounter, BlackHoleDetector, BLACK_HOLE_REPROBE_MS } from './black-hole.ts'
export { DialBackoff, MAX_BACKOFF_ADDRESSES } from './dial-backoff.ts'
export { DialLimiter } from './dial-limiter.ts'
export { DialSync } from './dial-sync.ts'
export { filterAddresses, filterUngated, gatesAddresses } from './address-filter.ts'
export { isFdConsuming, isIp6, isLinkLocalIp6, isLoopback, isPrivateAddress, isPublicAddress, isRelayed, isUnspecified } from './address-kind.ts'
export { noDelayRanker, rankAddresses } from './dial-ranker.ts'
export { hasName, resolveAddresses } from './resolve.ts'
export type { AddressErrorInit, AddressErrorJSON, DialErrorInit, DialErrorJSON, DialPhase } from './dial-error.ts'
export type { AddressFilterComponents, AddressFilterOptions, FilteredAddresses } from './address-filter.ts'
export type { BlackHoleCounterInit, BlackHoleDetectorInit, BlackHoleState } from './black-hole.ts'
export type { BackoffSettings } from './dial-backoff.ts'
export type { DialAddresses, DialAddressOptions, DialRequestOptions, DialTarget, DialWorkerComponents, PendingDial } from './dial-components.ts'
export type { DialJob, DialLimiterStat } from './dial-limiter.ts'
export type { DialRanker, RankedAddress } from './dial-ranker.ts'
export type { DialSyncStat } from './dial-sync.ts'
export type { ResolveComponents, ResolvedAddresses, ResolveOptions } from './resolve.ts'
