import { persistentPeerStore } from '@libp2p/peer-store'
import { systemClock } from '../base/index.ts'
import { RenewingPeerStore } from './renewing-peer-store.ts'
import { StagedDatastore } from './staged-datastore.ts'
import type { Clock } from '../base/index.ts'
import type { ComponentLogger, Libp2pEvents, Metrics, PeerId, TypedEventTarget } from '@libp2p/interface'
import type { AddressFilter } from '@libp2p/peer-store'
import type { Datastore } from 'interface-datastore'

export interface PeerstoreComponents {
  /** Us. Our own record is never forgotten, and is not among `all()`. */
  peerId: PeerId
  /**
   * Where records are kept. Who made it opens it before, and closes it after the last call; a
   * `MemoryDatastore` needs neither.
   */
  datastore: Datastore
  /** Is told of changes by `peer:update` and `self:peer:update`. */
  events: TypedEventTarget<Libp2pEvents>
  logger: ComponentLogger
  metrics?: Metrics | undefined
  /** @default systemClock */
  clock?: Clock | undefined
}

export interface PeerstoreInit {
  /** From when an address was last learnt until it is forgotten; `Infinity` is never. @default 3600000 */
  maxAddressAgeMs?: number | undefined
  /**
   * From the last change of a peer without addresses until all of it is forgotten. No less than
   * `maxAddressAgeMs`, and raised to it by default.
   *
   * @default 21600000
   */
  maxPeerAgeMs?: number | undefined
  /** Which addresses are stored. It must not use the peer store: that would wait for itself. */
  addressFilter?: AddressFilter | undefined
}

/** As in @libp2p/peer-store and go-libp2p. */
export const PEERSTORE_DEFAULTS = Object.freeze({
  maxAddressAgeMs: 3_600_000,
  maxPeerAgeMs: 21_600_000
})

/** An address that is renewed within so much of its age, and within a minute, is not written again. */
const RENEWAL_SHARE = 1 / 60
const MAX_RENEWAL_PERIOD_MS = 60_000

/**
 * What is known of other peers: addresses, public keys, protocols, metadata and tags, in a datastore.
 * Records are those of @libp2p/peer-store, so that a datastore may change hands; ages are counted by
 * the wall clock, and go on while nothing runs.
 *
 * Every call reads or writes the datastore. What is needed for each stream is in `PeerBook`.
 *
 * @throws RangeError for an age that is none
 */
export function createPeerstore ({ peerId, datastore, events, logger, metrics, clock = systemClock }: PeerstoreComponents, init: PeerstoreInit = {}): RenewingPeerStore {
  const { maxAddressAgeMs = PEERSTORE_DEFAULTS.maxAddressAgeMs, addressFilter } = init
  const { maxPeerAgeMs = Math.max(PEERSTORE_DEFAULTS.maxPeerAgeMs, maxAddressAgeMs) } = init

  assertAge('maxAddressAgeMs', maxAddressAgeMs, 0)
  assertAge('maxPeerAgeMs', maxPeerAgeMs, maxAddressAgeMs)

  const staged = new StagedDatastore(datastore)
  const peerStore = persistentPeerStore(
    { peerId, datastore: staged, events, logger, ...metrics == null ? {} : { metrics } },
    { maxAddressAge: maxAddressAgeMs, maxPeerAge: maxPeerAgeMs, ...addressFilter == null ? {} : { addressFilter } }
  )

  return new RenewingPeerStore({
    peerId,
    peerStore,
    datastore: staged,
    clock,
    renewalPeriodMs: Math.min(maxAddressAgeMs * RENEWAL_SHARE, MAX_RENEWAL_PERIOD_MS)
  })
}

function assertAge (name: string, value: number, min: number): void {
  if (!(value >= min)) {
    throw new RangeError(`${name} must be a number of ${min} or more, received ${value}`)
  }
}
