import type { Libp2pEvents, Peer, PeerId, PeerStore, TypedEventTarget } from '@libp2p/interface'

/** A tag whose name begins so keeps the peer's connections from being trimmed, as in js-libp2p. */
const KEEP_ALIVE = 'keep-alive'

interface Worth {
  value: number
  keepAlive: boolean
}

const NONE: Worth = { value: 0, keepAlive: false }

/**
 * What the tags of connected peers are worth, at hand without asking the peer store: the trimmer
 * looks at all connections at once.
 */
export class PeerTags {
  readonly #worth = new Map<string, Worth>()
  readonly #peerStore: PeerStore

  constructor (peerStore: PeerStore, events: TypedEventTarget<Libp2pEvents>) {
    this.#peerStore = peerStore
    events.addEventListener('peer:update', (event) => {
      const { peer } = event.detail

      if (this.#worth.has(peer.id.toString())) {
        this.#worth.set(peer.id.toString(), worthOf(peer))
      }
    })
  }

  /** To be called when a peer connects. */
  follow (peer: PeerId): void {
    const key = peer.toString()

    if (this.#worth.has(key)) {
      return
    }

    const unknown = { ...NONE }

    this.#worth.set(key, unknown)
    this.#peerStore.get(peer).then((known) => {
      // unless an update was faster, or the peer has gone
      if (this.#worth.get(key) === unknown) {
        this.#worth.set(key, worthOf(known))
      }
    }, () => {}) // a peer that the store does not know has no tags
  }

  /** To be called when the last connection of a peer is gone. */
  forget (peer: string): void {
    this.#worth.delete(peer)
  }

  of (peer: string): Readonly<Worth> {
    return this.#worth.get(peer) ?? NONE
  }
}

function worthOf ({ tags }: Peer): Worth {
  return {
    value: [...tags.values()].reduce((sum, { value }) => sum + value, 0),
    keepAlive: [...tags.keys()].some((name) => name.startsWith(KEEP_ALIVE))
  }
}
