import { toError } from '../../base/index.ts'
import type { PluginHost } from './host.ts'
import type { PeerDiscovery, PeerDiscoveryEvents, PeerInfo } from '@libp2p/interface'

/** Discovered peers that wait to be stored; more are left to be discovered again. */
export const MAX_PENDING_DISCOVERIES = 256

/**
 * Brings what services discover into the peer store, and tells of peers that are new there, however
 * they came, and of those discovered that we are not connected to.
 */
export class PeerDiscoveryFeed implements Disposable {
  readonly #host: Pick<PluginHost, 'peerId' | 'peerStore' | 'events' | 'connections' | 'reportError'>
  readonly #sources = new Set<PeerDiscovery>()
  readonly #pending = new Set<string>()

  constructor (host: Pick<PluginHost, 'peerId' | 'peerStore' | 'events' | 'connections' | 'reportError'>) {
    this.#host = host
    host.events.addEventListener('peer:update', ({ detail: { peer, previous } }) => {
      if (previous == null && !this.#pending.has(peer.id.toString())) {
        this.#tell({ id: peer.id, multiaddrs: peer.addresses.map(({ multiaddr }) => multiaddr) })
      }
    })
  }

  follow (source: PeerDiscovery): void {
    this.#sources.add(source)
    source.addEventListener('peer', this.#onPeer)
  }

  [Symbol.dispose] (): void {
    for (const source of this.#sources) {
      source.removeEventListener('peer', this.#onPeer)
    }
  }

  readonly #onPeer = ({ detail }: PeerDiscoveryEvents['peer']): void => {
    const key = detail.id.toString()

    if (detail.id.equals(this.#host.peerId) || this.#pending.has(key) || this.#pending.size >= MAX_PENDING_DISCOVERIES) {
      return
    }

    this.#pending.add(key)
    this.#store(detail)
      .catch((thrown: unknown) => { this.#host.reportError('storing a discovered peer', toError(thrown)) })
      .finally(() => { this.#pending.delete(key) })
  }

  async #store (info: PeerInfo): Promise<void> {
    await this.#host.peerStore.merge(info.id, { multiaddrs: info.multiaddrs })

    if (this.#host.connections(info.id).length === 0) {
      this.#tell(info)
    }
  }

  #tell (detail: PeerInfo): void {
    this.#host.events.safeDispatchEvent('peer:discovery', { detail })
  }
}
