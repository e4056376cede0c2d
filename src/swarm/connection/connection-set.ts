import { TransientMap } from '../../base/index.ts'
import { compareConnections } from './preference.ts'
import type { SwarmConnection } from './swarm-connection.ts'
import type { Connection } from '../contract/connection.ts'
import type { Connectedness } from '../contract/events.ts'
import type { PeerId } from '@libp2p/interface'

/** The open connections, by peer. Several to one peer are legal, and may be only passing. */
export class ConnectionSet {
  readonly #byPeer = new TransientMap<string, SwarmConnection[]>()
  #size = 0

  get size (): number {
    return this.#size
  }

  add (connection: SwarmConnection): void {
    const key = connection.remotePeer.toString()

    this.#byPeer.set(key, [...this.#byPeer.get(key) ?? [], connection])
    this.#size++
  }

  /** Gives it back if it was there. */
  remove (connection: Connection): SwarmConnection | undefined {
    const key = connection.remotePeer.toString()
    const connections = this.#byPeer.get(key) ?? []
    const removed = connections.find((other) => other === connection)

    if (removed == null) {
      return undefined
    }

    const rest = connections.filter((other) => other !== connection)

    if (rest.length === 0) {
      this.#byPeer.delete(key)
    } else {
      this.#byPeer.set(key, rest)
    }

    this.#size--

    return removed
  }

  /** All, or those with one peer, oldest first. */
  list (peer?: string): SwarmConnection[] {
    return peer == null ? [...this.#byPeer.values()].flat() : [...this.#byPeer.get(peer) ?? []]
  }

  peers (): PeerId[] {
    return [...this.#byPeer.values()].flatMap(([first]) => first == null ? [] : [first.remotePeer])
  }

  /** The open ones, of one peer or of all, the one to use first. */
  ranked (peer?: string): SwarmConnection[] {
    return this.list(peer).filter(({ status }) => status === 'open').sort(compareConnections)
  }

  /** The one to use; undefined when none is open. It is asked for with every stream. */
  best (peer: string): SwarmConnection | undefined {
    let best: SwarmConnection | undefined

    for (const connection of this.#byPeer.get(peer) ?? []) {
      if (connection.status === 'open' && (best == null || compareConnections(connection, best) < 0)) {
        best = connection
      }
    }

    return best
  }

  connectedness (peer: string): Connectedness {
    const best = this.best(peer)

    if (best == null) {
      return 'notConnected'
    }

    return best.limits == null ? 'connected' : 'limited'
  }
}
