import { TransientMap } from '../base/index.ts'

/** Peers whose protocols are at hand; the one that was asked for longest ago is forgotten first. */
export const MAX_PEERS_WITH_PROTOCOLS = 4096

/** Protocols at hand of one peer; the one that was learnt first is forgotten first. */
export const MAX_PROTOCOLS_PER_PEER = 256

/** A longer name is not kept: the peer chooses what it sends us, and we would keep it. */
export const MAX_PROTOCOL_CHARS = 256

export interface ProtocolCacheInit {
  /** @default MAX_PEERS_WITH_PROTOCOLS */
  maxPeers?: number
  /** @default MAX_PROTOCOLS_PER_PEER */
  maxProtocolsPerPeer?: number
}

/**
 * Which protocols peers are known to speak, in memory and within bounds. What is not here is not
 * wrong, it only takes a round trip to find out.
 */
export class ProtocolCache {
  readonly #maxPeers: number
  readonly #maxProtocolsPerPeer: number

  /** The peer used last stands last. */
  readonly #peers = new TransientMap<string, Set<string>>()

  constructor ({ maxPeers = MAX_PEERS_WITH_PROTOCOLS, maxProtocolsPerPeer = MAX_PROTOCOLS_PER_PEER }: ProtocolCacheInit = {}) {
    this.#maxPeers = maxPeers
    this.#maxProtocolsPerPeer = maxProtocolsPerPeer
  }

  get size (): number {
    return this.#peers.size
  }

  /** Undefined when nothing is known of `peer`; empty when it is known to speak none. */
  get (peer: string): ReadonlySet<string> | undefined {
    const known = this.#peers.get(peer)

    if (known != null) {
      this.#touch(peer, known)
    }

    return known
  }

  add (peer: string, protocols: Iterable<string>): void {
    const known = this.#peers.get(peer) ?? new Set<string>()

    for (const protocol of protocols) {
      this.#learn(known, protocol)
    }

    this.#touch(peer, known)
  }

  /** These, and no others. */
  replace (peer: string, protocols: Iterable<string>): void {
    this.#peers.delete(peer)
    this.add(peer, protocols)
  }

  remove (peer: string, protocols: Iterable<string>): void {
    const known = this.#peers.get(peer)

    for (const protocol of protocols) {
      known?.delete(protocol)
    }
  }

  clear (): void {
    this.#peers.clear()
  }

  #learn (known: Set<string>, protocol: string): void {
    if (known.has(protocol) || protocol.length > MAX_PROTOCOL_CHARS) {
      return
    }

    known.add(protocol)
    dropFirst(known, this.#maxProtocolsPerPeer)
  }

  #touch (peer: string, known: Set<string>): void {
    this.#peers.delete(peer)
    this.#peers.set(peer, known)
    dropFirst(this.#peers, this.#maxPeers)
  }
}

/** Maps and sets keep their order, so that the oldest stand first. */
function dropFirst<K> (collection: TransientMap<K, unknown> | Set<K>, max: number): void {
  if (collection.size <= max) {
    return
  }

  for (const key of collection.keys()) {
    collection.delete(key)

    if (collection.size <= max) {
      return
    }
  }
}
