import { CODE_P2P, CODE_P2P_CIRCUIT, multiaddr, registry } from '@multiformats/multiaddr'
import { partsOf } from './parts.ts'
import type { PeerId } from '@libp2p/interface'
import type { Component, Multiaddr } from '@multiformats/multiaddr'

/**
 * The peer that an address leads to, as it is written there; undefined if the address does not say.
 * A peer before the last p2p-circuit is a relay.
 */
export function namedPeer (address: Multiaddr): string | undefined {
  const { components } = partsOf(address)

  return components[peerIndex(components)]?.value
}

/** Whether the address leads to another peer than this one. A name that is no peer ID counts as another. */
export function namesOtherPeer (address: Multiaddr, peer: PeerId): boolean {
  const named = namedPeer(address)

  return named != null && named !== peer.toString() && !sameBytes(named, peer)
}

/** The address with this peer at its end, in canonical form. The address must not name another peer. */
export function withPeer (address: Multiaddr, peer: PeerId): Multiaddr {
  const { components } = partsOf(address)
  const index = peerIndex(components)
  const value = peer.toString()

  if (components[index]?.value === value) {
    return address
  }

  const component: Component = { code: CODE_P2P, name: 'p2p', value }

  return multiaddr(index < 0 ? [...components, component] : components.with(index, component))
}

/** The address without the peer at its end. */
export function withoutPeer (address: Multiaddr): Multiaddr {
  return partsOf(address).components.at(-1)?.code === CODE_P2P ? address.decapsulateCode(CODE_P2P) : address
}

function peerIndex (components: readonly Component[]): number {
  const circuit = components.findLastIndex(({ code }) => code === CODE_P2P_CIRCUIT)
  const index = components.findLastIndex(({ code }) => code === CODE_P2P)

  return index > circuit ? index : -1
}

/** Peer IDs have several spellings, as base58 and as CID. */
function sameBytes (named: string, peer: PeerId): boolean {
  try {
    const bytes = registry.getProtocol(CODE_P2P).valueToBytes?.(named)
    const wanted = peer.toMultihash().bytes

    return bytes?.length === wanted.length && wanted.every((byte, i) => byte === bytes[i])
  } catch {
    return false
  }
}
