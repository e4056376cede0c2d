// A placeholder until the room is written; its author replaces this file, and keeps the names.
import { persistentPeerStore } from '@libp2p/peer-store'
import type { ComponentLogger, Libp2pEvents, Metrics, PeerId, PeerStore, TypedEventTarget } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Datastore } from 'interface-datastore'

export function createPeerstore (components: { peerId: PeerId, datastore: Datastore, events: TypedEventTarget<Libp2pEvents>, logger: ComponentLogger, metrics?: Metrics }): PeerStore {
  return persistentPeerStore(components)
}

export class PeerBook {
  readonly #peerStore: PeerStore
  readonly #onError: (error: Error) => void
  readonly #protocols = new Map<string, Set<string>>()

  constructor ({ peerStore, onError }: { peerStore: PeerStore, events: TypedEventTarget<Libp2pEvents>, onError(error: Error): void }) {
    this.#peerStore = peerStore
    this.#onError = onError
  }

  async addresses (peer: PeerId, _signal?: AbortSignal): Promise<Multiaddr[]> {
    try {
      return (await this.#peerStore.get(peer)).addresses.map(({ multiaddr }) => multiaddr)
    } catch {
      return []
    }
  }

  /** Does not wait: stores in the background and reports failures. */
  rememberPeer (peer: PeerId, multiaddrs: Multiaddr[]): void {
    this.#peerStore.merge(peer, { multiaddrs, ...peer.publicKey == null ? {} : { publicKey: peer.publicKey } }).catch(this.#onError)
  }

  knownProtocols (peer: PeerId): ReadonlySet<string> | undefined {
    return this.#protocols.get(peer.toString())
  }

  rememberProtocol (peer: PeerId, protocol: string): void {
    const known = this.#protocols.get(peer.toString()) ?? new Set()

    this.#protocols.set(peer.toString(), known.add(protocol))
  }
}
