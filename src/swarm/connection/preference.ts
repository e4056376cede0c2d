import type { ConnectionLimits } from '../contract/connection.ts'
import type { Direction } from '../contract/stream.ts'
import type { PeerId } from '@libp2p/interface'

/** What decides between two connections to one peer. */
export interface Preferable {
  readonly limits: ConnectionLimits | undefined
  readonly direct: boolean
  readonly direction: Direction
  readonly openedAt: number
  readonly localPeer: PeerId
  readonly remotePeer: PeerId
}

/**
 * Orders connections to one peer, best first: unlimited before limited, direct before relayed, dialled
 * by the peer with the smaller ID before the other way, older before newer. Both ends see the same
 * order, but for the age of connections dialled by the same side at nearly the same time, and there
 * only the dialler acts on it (`mayClose`).
 */
export function compareConnections (a: Preferable, b: Preferable): number {
  return Number(a.limits != null) - Number(b.limits != null) ||
    Number(b.direct) - Number(a.direct) ||
    Number(isDialledBySmaller(b)) - Number(isDialledBySmaller(a)) ||
    a.openedAt - b.openedAt
}

/**
 * Of several connections to one peer, those that this side may close, as the other end will prefer the
 * same ones to them. Where the order might differ between the ends, only the dialler decides.
 */
export function supplanted<T extends Preferable> (connections: T[]): T[] {
  const [best, ...others] = [...connections].sort(compareConnections)

  return others.filter((other) => best != null && mayClose(best, other))
}

/** A limited connection is not in the way of a direct one: relays end them in time by themselves. */
function mayClose (best: Preferable, other: Preferable): boolean {
  return (other.limits == null) === (best.limits == null) && other.direct === best.direct && decides(best, other)
}

/** Opposite directions: the peer with the smaller ID decides. The same direction: the dialler. */
function decides (best: Preferable, other: Preferable): boolean {
  return best.direction === other.direction ? other.direction === 'outbound' : isLocalSmaller(best)
}

function isDialledBySmaller (connection: Preferable): boolean {
  return (connection.direction === 'outbound') === isLocalSmaller(connection)
}

function isLocalSmaller ({ localPeer, remotePeer }: Preferable): boolean {
  return localPeer.toString() < remotePeer.toString()
}
