import { isMultiaddr, multiaddr } from '@multiformats/multiaddr'
import { Key } from 'interface-datastore'
import { holding, raceSignal } from '../base/index.ts'
import { Renewals } from './renewals.ts'
import { addressKey, encodeStoredPeer, parseStoredPeer, renewAddresses } from './stored-peer.ts'
import { Turns } from './turns.ts'
import type { StagedDatastore } from './staged-datastore.ts'
import type { StoredPeer } from './stored-peer.ts'
import type { Clock } from '../base/index.ts'
import type { AbortOptions, Address, ConsumePeerRecordOptions, Peer, PeerData, PeerId, PeerInfo, PeerQuery, PeerStore } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Addresses kept of one peer; those that were learnt last stay. */
export const MAX_ADDRESSES_PER_PEER = 64

/** Calls that wait for their turn with one peer; more are refused. */
const MAX_WAITING_PER_PEER = 1024

type Strategy = 'merge' | 'patch' | 'save'

export interface RenewingPeerStoreInit {
  /** Us. */
  peerId: PeerId
  /** Reads and writes `datastore` and nothing else. */
  peerStore: PeerStore
  datastore: StagedDatastore
  clock: Clock
  /** How much older than it is an address may be taken for, when it is renewed. */
  renewalPeriodMs: number
}

/**
 * The peer store of js-libp2p, without these faults of it.
 *
 * It never renews an address: one that is stored again keeps the time at which it was first learnt,
 * expires an hour after that, and stays expired for as long as it is stored again and again. Here,
 * the record that it reads has no time for addresses that are learnt anew, so it takes the present.
 *
 * When reading a record fails, it takes the peer for unknown and overwrites all that it knew. Here,
 * a record is read before a write begins, and the write reads nothing else.
 *
 * When the caller's signal aborts, its lock opens while the write goes on, and one of two writes is
 * lost. Here, the caller is let go, and the others wait until the write has ended.
 *
 * It keeps any number of addresses, and twice the one that is also given with `/p2p` at its end; and
 * it loses our own addresses with the first change of our own record after an hour.
 *
 * Calls for one peer happen one after the other, and reads too: none may see a record that was made
 * up for a write.
 */
export class RenewingPeerStore implements PeerStore {
  readonly [Symbol.toStringTag] = 'swarmd/peer-store'
  readonly #peerId: PeerId
  readonly #peerStore: PeerStore
  readonly #datastore: StagedDatastore
  readonly #turns = new Turns(MAX_WAITING_PER_PEER)
  readonly #renewals: Renewals

  constructor ({ peerId, peerStore, datastore, clock, renewalPeriodMs }: RenewingPeerStoreInit) {
    this.#peerId = peerId
    this.#peerStore = peerStore
    this.#datastore = datastore
    this.#renewals = new Renewals(clock, renewalPeriodMs)
  }

  async forEach (fn: (peer: Peer) => void, query?: PeerQuery): Promise<void> {
    await this.#peerStore.forEach(fn, query)
  }

  async all (query?: PeerQuery): Promise<Peer[]> {
    return this.#peerStore.all(query)
  }

  async delete (peer: PeerId, options?: AbortOptions): Promise<void> {
    this.#renewals.delete(peer.toString())
    await this.#inTurn(peer, options, async () => this.#peerStore.delete(peer))
  }

  async has (peer: PeerId, options?: AbortOptions): Promise<boolean> {
    return this.#inTurn(peer, options, async () => this.#peerStore.has(peer))
  }

  async get (peer: PeerId, options?: AbortOptions): Promise<Peer> {
    return this.#inTurn(peer, options, async () => this.#peerStore.get(peer))
  }

  async getInfo (peer: PeerId, options?: AbortOptions): Promise<PeerInfo> {
    return this.#inTurn(peer, options, async () => this.#peerStore.getInfo(peer))
  }

  async save (peer: PeerId, data: PeerData, options?: AbortOptions): Promise<Peer> {
    return this.#write('save', peer, data, options)
  }

  async patch (peer: PeerId, data: PeerData, options?: AbortOptions): Promise<Peer> {
    return this.#write('patch', peer, data, options)
  }

  async merge (peer: PeerId, data: PeerData, options?: AbortOptions): Promise<Peer> {
    return this.#write('merge', peer, data, options)
  }

  /** As `merge` with these addresses and nothing else, but that it writes nothing if it has just done that. */
  async renew (peer: PeerId, multiaddrs: Multiaddr[], options?: AbortOptions): Promise<void> {
    const key = peer.toString()
    const addresses = multiaddrs.map((address) => address.toString())

    if (this.#renewals.areFresh(key, addresses)) {
      return
    }

    const merging = this.merge(peer, { multiaddrs }, options)

    // at once, so that whatever is written from now on makes it forgotten
    this.#renewals.add(key, addresses)

    try {
      await merging
    } catch (thrown) {
      this.#renewals.delete(key)
      throw thrown
    }
  }

  async consumePeerRecord (envelope: Uint8Array, { signal, expectedPeer }: ConsumePeerRecordOptions = {}): Promise<boolean> {
    signal?.throwIfAborted()
    this.#renewals.clear() // it may be that of any peer

    if (expectedPeer == null) {
      return raceSignal(this.#peerStore.consumePeerRecord(envelope), signal)
    }

    return this.#inTurn(expectedPeer, signal == null ? {} : { signal }, async () => {
      const found = await this.#load(expectedPeer)

      // a signed record replaces all addresses, so whichever stay are learnt anew
      const staged = this.#stage(expectedPeer, found, keysOf(found?.addresses.map(({ multiaddr }) => multiaddr) ?? []))

      return holding(staged, () => this.#peerStore.consumePeerRecord(envelope, { expectedPeer }))
    })
  }

  async #write (strategy: Strategy, peer: PeerId, data: PeerData, options?: AbortOptions): Promise<Peer> {
    this.#renewals.delete(peer.toString())

    return this.#inTurn(peer, options, async () => {
      const found = await this.#load(peer)
      const prepared = this.#prepare(strategy, peer, data, found)
      const staged = this.#stage(peer, found, prepared.addresses == null ? undefined : keysOf(prepared.addresses.map(({ multiaddr }) => multiaddr.bytes)))

      return holding(staged, () => this.#peerStore[strategy](peer, prepared))
    })
  }

  /** `data` with its addresses in one tidy list. What it names is learnt now. */
  #prepare (strategy: Strategy, peer: PeerId, data: PeerData, found: StoredPeer | undefined): PeerData {
    const { multiaddrs, addresses, ...rest } = data
    const named = multiaddrs == null && addresses == null ? undefined : [...uncertified(multiaddrs ?? []), ...addresses ?? []]
    const learnt = peer.equals(this.#peerId) ? ownAddresses(strategy, named, found) : named

    if (learnt == null) {
      return rest
    }

    return { ...rest, addresses: tidy(peer, learnt, strategy === 'merge' ? certifiedIn(found) : new Set()) }
  }

  /** What is known of `peer`; a record that cannot be read is none, and the next write mends it. */
  async #load (peer: PeerId): Promise<StoredPeer | undefined> {
    const bytes = await this.#datastore.load(recordKey(peer))

    return bytes == null ? undefined : parseStoredPeer(bytes)
  }

  /** Lets the store read `found`, with the addresses in `learnt` as new. */
  #stage (peer: PeerId, found: StoredPeer | undefined, learnt: ReadonlySet<string> | undefined): Disposable {
    const seen = found == null || learnt == null
      ? found
      : renewAddresses(found, learnt, MAX_ADDRESSES_PER_PEER - learnt.size)

    return this.#datastore.stage(recordKey(peer), seen == null ? undefined : encodeStoredPeer(seen))
  }

  async #inTurn<T> (peer: PeerId, { signal }: AbortOptions = {}, work: () => Promise<T>): Promise<T> {
    const inTurn = async (): Promise<T> => holding(await this.#turns.take(peer.toString(), signal), work)

    return raceSignal(inTurn(), signal)
  }
}

/** Where @libp2p/peer-store keeps its record of `peer`. */
function recordKey (peer: PeerId): Key {
  return new Key(`/peers/${peer.toCID().toString()}`)
}

function keysOf (addresses: Uint8Array[]): Set<string> {
  return new Set(addresses.map((bytes) => addressKey(bytes)))
}

/** Our own addresses are learnt all the time: those that a change leaves as they are stay young. */
function ownAddresses (strategy: Strategy, named: Address[] | undefined, found: StoredPeer | undefined): Address[] | undefined {
  if (strategy === 'save' || (strategy === 'patch' && named != null)) {
    return named
  }

  const known = found?.addresses.map(({ multiaddr: bytes, isCertified = false }) => ({ multiaddr: multiaddr(bytes), isCertified }))

  return [...known ?? [], ...named ?? []]
}

function uncertified (multiaddrs: Multiaddr[]): Address[] {
  return multiaddrs.map((multiaddr) => ({ multiaddr, isCertified: false }))
}

function certifiedIn (found: StoredPeer | undefined): Set<string> {
  return keysOf(found?.addresses.flatMap(({ multiaddr, isCertified }) => isCertified === true ? [multiaddr] : []) ?? [])
}

/** Each address once, without the peer's own ID at its end, and no more than are kept. */
function tidy (peer: PeerId, addresses: Address[], certified: ReadonlySet<string>): Address[] {
  const tidied = new Map<string, Address>()

  for (const { multiaddr: given, isCertified } of addresses) {
    const address = withoutPeer(isMultiaddr(given) ? given : multiaddr(given), peer)
    const key = addressKey(address.bytes)
    const known = tidied.get(key)

    if (known != null) {
      known.isCertified ||= isCertified
    } else if (tidied.size < MAX_ADDRESSES_PER_PEER && address.bytes.length > 0) {
      tidied.set(key, { multiaddr: address, isCertified: isCertified || certified.has(key) })
    }
  }

  return [...tidied.values()]
}

function withoutPeer (address: Multiaddr, peer: PeerId): Multiaddr {
  const last = address.getComponents().at(-1)

  return last?.name === 'p2p' && peer.equals(last.value) ? address.decapsulateCode(last.code) : address
}
