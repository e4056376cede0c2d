import { isPeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { CODE_P2P, multiaddr } from '@multiformats/multiaddr'
import { ServiceError } from '../service/index.ts'
import type { DialTarget } from '../swarm/index.ts'

/** Peers by the names that this node gave to them. */
export class PeerNames {
  readonly #targets: ReadonlyMap<string, DialTarget>

  constructor (targets: Readonly<Record<string, DialTarget>> = {}) {
    this.#targets = new Map(Object.entries(targets))
  }

  /** What to dial: what the name stands for, or `target` itself. */
  resolve (target: DialTarget): DialTarget {
    return (typeof target === 'string' ? this.#targets.get(target) : undefined) ?? target
  }

  /**
   * The peer ID that a name stands for, or that was given as such; in its one usual form.
   *
   * @throws ServiceError InvalidConfig
   */
  peerId (nameOrId: string): string {
    const id = idOf(this.resolve(nameOrId))

    if (id == null) {
      throw new ServiceError('InvalidConfig', `wanted a peer ID, or a name of a peer whose ID is known, received ${JSON.stringify(nameOrId)}`)
    }

    return id
  }
}

function idOf (target: DialTarget): string | undefined {
  if (isPeerId(target)) {
    return target.toString()
  }

  if (Array.isArray(target)) {
    const ids = new Set(target.map(idOf))

    return ids.size === 1 ? ids.values().next().value : undefined
  }

  const text = String(target)

  try {
    return text.startsWith('/') ? idIn(text) : peerIdFromString(text).toString()
  } catch {
    return undefined
  }
}

/** Of a circuit the last one counts: the others are relays. */
function idIn (address: string): string | undefined {
  const components = multiaddr(address).getComponents()
  const last = components.findLast(({ code }) => code === CODE_P2P)

  return last?.value == null || components.at(-1) !== last ? undefined : peerIdFromString(last.value).toString()
}
