import { InvalidMultiaddrError, InvalidParametersError, isPeerId } from '@libp2p/interface'
import { isMultiaddr } from '@multiformats/multiaddr'
import { parsePeerId } from '../../identity/index.ts'
import { namedPeer } from '../address/index.ts'
import type { DialTarget, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface PluginTarget {
  peer: PeerId | undefined
  addresses: Multiaddr[]
}

/**
 * What a plugin wants to reach.
 *
 * @throws InvalidMultiaddrError for what is no target, InvalidParametersError for addresses of several peers
 */
export function parseDialTarget (target: DialTarget): PluginTarget {
  if (isPeerId(target)) {
    return { peer: target, addresses: [] }
  }

  const addresses = Array.isArray(target) ? target : [target]

  if (!addresses.every(isMultiaddr)) {
    throw new InvalidMultiaddrError(`A dial target is a PeerId, a Multiaddr or an array of Multiaddrs, received ${String(target)}`)
  }

  const peers = new Set(addresses.map(namedPeer))

  if (peers.size > 1) {
    throw new InvalidParametersError('Multiaddrs must all have the same peer id or have no peer id')
  }

  const [peer] = peers

  return { peer: peer == null ? undefined : parsePeerId(peer), addresses }
}
