import { CODE_P2P, CODE_P2P_CIRCUIT } from '@multiformats/multiaddr'
import { partsOf } from './parts.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Whether a relay passes on every byte. It does not where it only introduced the two, as for WebRTC. */
export function isThroughRelay (address: Multiaddr): boolean {
  const { components } = partsOf(address)
  const behind = components.slice(components.findLastIndex(({ code }) => code === CODE_P2P_CIRCUIT) + 1)

  return behind.length < components.length && behind.every(({ code }) => code === CODE_P2P)
}
