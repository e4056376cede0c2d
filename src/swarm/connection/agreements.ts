import type { PeerId } from '@libp2p/interface'

/** Peers that are remembered; the one that agreed first is forgotten first. */
export const MAX_AGREEMENTS = 4096

/** On which encryption peers have agreed with us of late; multistream 16. */
export class Agreements {
  readonly #protocols = new Map<string, string>()

  has (peer: PeerId, protocol: string): boolean {
    return this.#protocols.get(peer.toString()) === protocol
  }

  remember (peer: PeerId, protocol: string): void {
    const name = peer.toString()

    this.#protocols.set(name, protocol)

    if (this.#protocols.size > MAX_AGREEMENTS) {
      const [oldest = name] = this.#protocols.keys()

      this.#protocols.delete(oldest)
    }
  }

  forget (peer: PeerId): void {
    this.#protocols.delete(peer.toString())
  }
}
