import type { Libp2pEvents, Peer, PeerId, PeerStore, TypedEventTarget } from '@libp2p/interface'

/** A tag whose name begins so keeps the peer's connections from being trimmed, as in js-libp2p. */
const KEEP_ALIVE = 'keep-alive'

interface Worth {
  value: number
  keepAlive: boolean
}

const NONE: Readonly<Worth> = { value: 0, keepAlive: false }

/** A peer of which the store was not asked, or has not answered. */
interface Unread {
  peer: PeerId
  reading?: Promise<void>
}

/**
 * What the tags of connected peers are worth, at hand without asking the peer store: the trimmer
 * looks at all connections at once. The store is asked when there may be something to trim, and not for
 * each connection.
 */
export class PeerTags {
  readonly #worth = new Map<string, Worth>()
  readonly #unread = new Map<string, Unread>()
  readonly #peerStore: PeerStore

  constructor (peerStore: PeerStore, events: TypedEventTarget<Libp2pEvents>) {
    this.#peerStore = peerStore
    events.addEventListener('peer:update', (event) => {
      const { peer } = event.detail

      if (this.#worth.has(peer.id.toString())) {
        this.#set(peer.id.toString(), worthOf(peer))
      }
    })
  }

  /** To be called when a peer connects. */
  follow (peer: PeerId): void {
    const key = peer.toString()

    if (!this.#worth.has(key)) {
      this.#worth.set(key, NONE)
      this.#unread.set(key, { peer })
    }
  }

  /** To be called when the last connection of a peer is gone. */
  forget (peer: string): void {
    this.#worth.delete(peer)
    this.#unread.delete(peer)
  }

  /** Resolves when what the store knows of the peers that are followed is at hand. */
  async read (): Promise<void> {
    await Promise.all([...this.#unread].map(([key, unread]) => {
      unread.reading ??= this.#read(key, unread)

      return unread.reading
    }))
  }

  /** As far as it has been read, or told. */
  of (peer: string): Readonly<Worth> {
    return this.#worth.get(peer) ?? NONE
  }

  /** Never rejects: a peer that the store does not know has no tags. */
  async #read (key: string, unread: Unread): Promise<void> {
    let worth = NONE

    try {
      worth = worthOf(await this.#peerStore.get(unread.peer))
    } catch {}

    // unless an update was faster, or the peer has gone
    if (this.#unread.get(key) === unread) {
      this.#set(key, worth)
    }
  }

  #set (key: string, worth: Worth): void {
    this.#worth.set(key, worth)
    this.#unread.delete(key)
  }
}

function worthOf ({ tags }: Peer): Worth {
  return {
    value: [...tags.values()].reduce((sum, { value }) => sum + value, 0),
    keepAlive: [...tags.keys()].some((name) => name.startsWith(KEEP_ALIVE))
  }
}
