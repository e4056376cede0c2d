import { ResourceLimitError } from './resource-limit-error.ts'

/** Pairs of peer and tag. Who protects more than any swarm has connections forgets to unprotect. */
export const MAX_PROTECTIONS = 65_536

/** Peers whose connections are not trimmed, and on whose account. */
export class PeerProtection {
  readonly #tags = new Map<string, Set<string>>()
  #count = 0

  /**
   * Protects the peer until `unprotect` with the same tag. A second time with one tag does nothing.
   *
   * @throws ResourceLimitError when there are MAX_PROTECTIONS
   */
  protect (peer: string, tag: string): void {
    if (this.#tags.get(peer)?.has(tag) === true) {
      return
    }

    if (this.#count >= MAX_PROTECTIONS) {
      throw new ResourceLimitError({ scope: 'protected peers and tags', used: this.#count, max: MAX_PROTECTIONS, option: 'MAX_PROTECTIONS' })
    }

    const tags = this.#tags.get(peer) ?? new Set()

    this.#tags.set(peer, tags.add(tag))
    this.#count++
  }

  /** Whether other tags still protect the peer. */
  unprotect (peer: string, tag: string): boolean {
    const tags = this.#tags.get(peer)

    if (tags == null) {
      return false
    }

    if (tags.delete(tag)) {
      this.#count--
    }

    if (tags.size === 0) {
      this.#tags.delete(peer)
    }

    return tags.size > 0
  }

  isProtected (peer: string): boolean {
    return this.#tags.has(peer)
  }
}
