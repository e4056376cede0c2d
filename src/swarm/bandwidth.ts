/** Protocols and peers counted by name; the bytes of all others are summed under OTHERS. */
const MAX_NAMES = 4096
const OTHERS = '(others)'

export interface Bytes {
  read: number
  written: number
}

/** Counts the bytes of streams: in all, by protocol, and by peer. */
export class Bandwidth {
  readonly #total: Bytes = { read: 0, written: 0 }
  readonly #byProtocol = new Map<string, Bytes>()
  readonly #byPeer = new Map<string, Bytes>()

  count (direction: keyof Bytes, bytes: number, protocol: string, peer: string): void {
    this.#total[direction] += bytes
    entry(this.#byProtocol, protocol)[direction] += bytes
    entry(this.#byPeer, peer)[direction] += bytes
  }

  /** Forgets a peer that is gone; its bytes stay in the total. */
  forget (peer: string): void {
    this.#byPeer.delete(peer)
  }

  get total (): Readonly<Bytes> {
    return this.#total
  }

  get byProtocol (): ReadonlyMap<string, Readonly<Bytes>> {
    return this.#byProtocol
  }

  get byPeer (): ReadonlyMap<string, Readonly<Bytes>> {
    return this.#byPeer
  }
}

function entry (map: Map<string, Bytes>, name: string): Bytes {
  const known = map.get(name) ?? (map.size >= MAX_NAMES ? map.get(OTHERS) : undefined)

  if (known != null) {
    return known
  }

  const fresh = { read: 0, written: 0 }

  map.set(map.size >= MAX_NAMES ? OTHERS : name, fresh)

  return fresh
}
