import { toError } from '../base/index.ts'
import { ProtocolCache } from './protocol-cache.ts'
import { MAX_ADDRESSES_PER_PEER } from './renewing-peer-store.ts'
import type { IdentifyResult, Libp2pEvents, Peer, PeerData, PeerId, PeerStore, PeerUpdate, PublicKey, TypedEventTarget } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** A peer store that can renew addresses for less than a `merge`. */
type RenewingStore = PeerStore & { renew? (peer: PeerId, addresses: Multiaddr[]): Promise<void> }

export interface PeerBookInit {
  peerStore: RenewingStore
  /** Where the peer store and identify tell of changes. */
  events: TypedEventTarget<Libp2pEvents>
  /** What went wrong with the peer store. A swarm works on without: it then knows only what it is told. */
  onError(error: Error): void
}

/**
 * What a swarm asks and tells the peer store.
 *
 * Reads and writes of the datastore happen once a dial or once a connection, and their failures go
 * to `onError`: no dial and no connection fails because a disk is full. Calls reject only with the
 * reason of their signal.
 *
 * What is needed for each stream, the protocols that a peer speaks, is in memory and answered at
 * once. It is fed by identify (all that the peer speaks), by changes of the peer store, whoever made
 * them, and by the swarm, which has just agreed on a protocol or been refused one.
 */
export class PeerBook implements Disposable {
  readonly #peerStore: RenewingStore
  readonly #events: TypedEventTarget<Libp2pEvents>
  readonly #onError: (error: Error) => void
  readonly #protocols = new ProtocolCache()

  readonly #onUpdate = ({ detail: { peer, previous } }: CustomEvent<PeerUpdate>): void => {
    const gone = without(previous?.protocols ?? [], peer.protocols)
    const added = without(peer.protocols, previous?.protocols ?? [])

    // addresses and tags change far more often, and what the swarm has learnt itself must survive them
    if (gone.length > 0 || added.length > 0) {
      this.#protocols.add(peer.id.toString(), peer.protocols)
      this.#protocols.remove(peer.id.toString(), gone)
    }
  }

  readonly #onIdentify = ({ detail: { peerId, protocols } }: CustomEvent<IdentifyResult>): void => {
    this.#protocols.replace(peerId.toString(), protocols)
  }

  constructor ({ peerStore, events, onError }: PeerBookInit) {
    this.#peerStore = peerStore
    this.#events = events
    this.#onError = onError

    events.addEventListener('peer:update', this.#onUpdate)
    events.addEventListener('peer:identify', this.#onIdentify)
  }

  /** The addresses of `peer` that are known and have not expired; none for a peer that is not known. */
  async addresses (peer: PeerId, signal?: AbortSignal): Promise<Multiaddr[]> {
    const known = await this.#read(peer, signal)
    const addresses = new Map(known?.addresses.map(({ multiaddr }) => [multiaddr.toString(), multiaddr]))

    return [...addresses.values()].slice(0, MAX_ADDRESSES_PER_PEER)
  }

  /**
   * Adds to the addresses of `peer`, and renews those that it has. Of more than
   * `MAX_ADDRESSES_PER_PEER`, those that were learnt last stay.
   */
  async rememberAddresses (peer: PeerId, addresses: Multiaddr[], signal?: AbortSignal): Promise<void> {
    if (addresses.length > 0) {
      await this.#write(peer, { multiaddrs: addresses.slice(0, MAX_ADDRESSES_PER_PEER) }, signal)
    }
  }

  /** The key of `peer`, if its ID holds it or somebody has told. */
  async publicKey (peer: PeerId, signal?: AbortSignal): Promise<PublicKey | undefined> {
    return peer.publicKey ?? (await this.#read(peer, signal))?.id.publicKey
  }

  /**
   * Keeps the key of an RSA peer; the IDs of others hold their keys.
   *
   * @throws TypeError for the key of another peer
   */
  async rememberPublicKey (peer: PeerId, publicKey: PublicKey, signal?: AbortSignal): Promise<void> {
    if (!peer.equals(publicKey.toMultihash().bytes)) {
      throw new TypeError(`the public key must be that of ${peer.toString()}, received that of ${publicKey.toString()}`)
    }

    if (publicKey.type === 'RSA') {
      await this.#write(peer, { publicKey }, signal)
    }
  }

  /** What a connection has taught us: where `peer` is, and its key. Nobody waits for the datastore. */
  rememberPeer (peer: PeerId, addresses: Multiaddr[]): void {
    const multiaddrs = addresses.slice(0, MAX_ADDRESSES_PER_PEER)

    if (peer.type === 'RSA' && peer.publicKey != null) {
      void this.#write(peer, { ...multiaddrs.length > 0 ? { multiaddrs } : {}, publicKey: peer.publicKey })
    } else if (multiaddrs.length > 0) {
      void this.#attempt(undefined, async () => this.#peerStore.renew == null ? this.#peerStore.merge(peer, { multiaddrs }) : this.#peerStore.renew(peer, multiaddrs))
    }
  }

  /** The protocols in the peer store: what `peer` spoke when it was last identified, perhaps long ago. */
  async protocols (peer: PeerId, signal?: AbortSignal): Promise<string[]> {
    return (await this.#read(peer, signal))?.protocols ?? []
  }

  /**
   * What `peer` is known to speak now, from memory: undefined if it has told us nothing since we
   * began. The set is live, and must be looked at at once.
   */
  knownProtocols (peer: PeerId): ReadonlySet<string> | undefined {
    return this.#protocols.get(peer.toString())
  }

  /** `peer` has agreed to speak `protocol`. In memory only. */
  rememberProtocol (peer: PeerId, protocol: string): void {
    this.#protocols.add(peer.toString(), [protocol])
  }

  /** `peer` has refused to speak `protocol`. In memory only. */
  forgetProtocol (peer: PeerId, protocol: string): void {
    this.#protocols.remove(peer.toString(), [protocol])
  }

  /** Listens no more, and forgets what is in memory. The peer store stays as it is. */
  [Symbol.dispose] (): void {
    this.#events.removeEventListener('peer:update', this.#onUpdate)
    this.#events.removeEventListener('peer:identify', this.#onIdentify)
    this.#protocols.clear()
  }

  async #read (peer: PeerId, signal?: AbortSignal): Promise<Peer | undefined> {
    return this.#attempt(signal, async () => this.#peerStore.get(peer, signal == null ? {} : { signal }))
  }

  async #write (peer: PeerId, data: PeerData, signal?: AbortSignal): Promise<void> {
    await this.#attempt(signal, async () => this.#peerStore.merge(peer, data, signal == null ? {} : { signal }))
  }

  async #attempt<T> (signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T | undefined> {
    signal?.throwIfAborted()

    try {
      return await work()
    } catch (error) {
      // some datastores wrap what the signal made them throw
      signal?.throwIfAborted()

      if (!(error instanceof Error && error.name === 'NotFoundError')) {
        this.#onError(toError(error))
      }

      return undefined
    }
  }
}

function without (protocols: string[], others: string[]): string[] {
  const known = new Set(others)

  return protocols.filter((protocol) => !known.has(protocol))
}
