import type { DialBackoff } from './dial-backoff.ts'
import type { AddressError } from './dial-error.ts'
import type { DialLimiter } from './dial-limiter.ts'
import type { DialRanker } from './dial-ranker.ts'
import type { Clock } from '../../base/index.ts'
import type { Connection } from '../contract/connection.ts'
import type { DialSettings } from '../options.ts'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** What one caller of a dial asks for. */
export interface DialRequestOptions {
  /** Addresses that this caller brings, besides those that are known. */
  addresses?: Multiaddr[]
  /** Dials addresses in backoff too. @default false */
  force?: boolean
  /** Takes neither a relayed connection nor a relayed address. @default false */
  forceDirect?: boolean
  /** Whether a limited connection will do. */
  limitedOk?: boolean
  /** For the whole dial, from the moment its first address is tried. @default dial.peerTimeoutMs */
  timeoutMs?: number
  /** Dials all addresses at once, as a hole punch must: the peer dials us at the same moment. @default false */
  noDelay?: boolean
}

/** Who is dialled. */
export interface DialTarget {
  /** Dials with the same key are one dial: the peer ID, or 'addr:...' when only addresses are known. */
  key: string
  peer: PeerId | undefined
}

export interface DialAddresses {
  good: Multiaddr[]
  /** Why the others will not be dialled. */
  refused: AddressError[]
}

export interface DialAddressOptions {
  signal: AbortSignal
  /** Says that the socket is connected, and that the upgrade begins. */
  onConnected(): void
}

/** What a dial needs of the swarm around it. */
export interface DialWorkerComponents {
  clock: Clock
  settings: DialSettings
  backoff: DialBackoff
  limiter: DialLimiter
  rank: DialRanker
  /** The best open connection that serves this request, if there is one. */
  acceptable(peer: PeerId | undefined, request: DialRequestOptions): Connection | undefined
  /** What `addressesFor` would give, if there is nothing to wait for. */
  addressesAtHand?(peer: PeerId | undefined, request: DialRequestOptions): DialAddresses | undefined
  /** Known and explicit addresses, resolved and filtered. */
  addressesFor(peer: PeerId | undefined, request: DialRequestOptions, signal: AbortSignal): Promise<DialAddresses>
  /** Connects and upgrades. Owns the connection until it resolves; one that comes too late is closed. */
  dialAddress(peer: PeerId | undefined, address: Multiaddr, options: DialAddressOptions): Promise<Connection>
  /** Takes the result of every dial that reached the network and was not aborted. */
  record?(address: Multiaddr, success: boolean): void
}

/** A dial in progress, for those who watch. */
export interface PendingDial extends DialTarget {
  /** Those that have not failed. */
  addresses: Multiaddr[]
  /** Active when at least one address is being dialled. */
  status: 'queued' | 'active'
}
