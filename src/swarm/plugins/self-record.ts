import { toError } from '../../base/index.ts'
import type { PeerId, PeerStore } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface SelfRecordInit {
  peerId: PeerId
  peerStore: PeerStore
  /** Where others reach us, without our peer ID. */
  addresses(): Multiaddr[]
  protocols(): string[]
  onError(error: Error): void
}

/**
 * Keeps our own record in the peer store true, as identify answers from it. When it changes, the store
 * tells `self:peer:update`, at which identify-push tells our peers.
 *
 * Changes of one turn are written together, and no two writes run at the same time.
 */
export class SelfRecord {
  readonly #init: SelfRecordInit
  #isDirty = false
  #isStopped = false
  #writing: Promise<void> | undefined

  constructor (init: SelfRecordInit) {
    this.#init = init
  }

  /** Addresses or protocols may have changed. */
  changed (): void {
    this.#isDirty = true

    if (!this.#isStopped) {
      this.#writing ??= this.#write()
    }
  }

  /** Resolves when the store holds what is true now. */
  async flush (): Promise<void> {
    this.changed()
    await this.#writing
  }

  /** Resolves when nothing is being written any more, nor will be. */
  async stop (): Promise<void> {
    this.#isStopped = true
    await this.#writing
  }

  async #write (): Promise<void> {
    const { peerId, peerStore, addresses, protocols, onError } = this.#init

    await Promise.resolve() // the other changes of this turn

    try {
      while (this.#isDirty && !this.#isStopped) {
        this.#isDirty = false
        await peerStore.patch(peerId, { multiaddrs: addresses(), protocols: protocols() })
      }
    } catch (thrown) {
      onError(toError(thrown))
    } finally {
      this.#writing = undefined
    }
  }
}
