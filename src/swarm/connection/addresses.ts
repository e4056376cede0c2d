import { CODE_P2P, CODE_P2P_CIRCUIT, multiaddr } from '@multiformats/multiaddr'
import type { MultiaddrConnection, PeerId } from '@libp2p/interface'
import type { Component, Multiaddr } from '@multiformats/multiaddr'

/** The peer at the end of an address, as text. Behind a relay, that is not the relay. */
export function peerInAddress (address: Multiaddr): string | undefined {
  return afterCircuit(address).findLast(({ code }) => code === CODE_P2P)?.value
}

/** `address`, ending in /p2p/<peer>, in place of any other spelling of a peer there. */
export function withPeerId (address: Multiaddr, peer: PeerId): Multiaddr {
  const components = address.getComponents()
  const last = components.at(-1)

  if (last?.code !== CODE_P2P) {
    return address.encapsulate(`/p2p/${peer.toString()}`)
  }

  return last.value === peer.toString() ? address : multiaddr(components.with(-1, { ...last, value: peer.toString() }))
}

/** Whether a relay passes on every byte. It does not where it only introduced the two, as for WebRTC. */
export function isThroughRelay (address: Multiaddr): boolean {
  const components = address.getComponents()
  const behind = afterCircuit(address)

  return behind.length < components.length && behind.every(({ code }) => code === CODE_P2P)
}

interface HasSocket {
  socket?: { localAddress?: string, localPort?: number }
}

/** Our end of a TCP connection. Transports do not say, but their socket does. */
export function localAddressOf (maConn: MultiaddrConnection): Multiaddr | undefined {
  const { localAddress, localPort } = (maConn as HasSocket).socket ?? {}

  if (typeof localAddress !== 'string' || typeof localPort !== 'number') {
    return undefined
  }

  const mapped = localAddress.replace(/^::ffff:(?=\d+\.)/, '')

  return multiaddr(`/${mapped.includes(':') ? 'ip6' : 'ip4'}/${mapped.split('%')[0]}/tcp/${localPort}`)
}

function afterCircuit (address: Multiaddr): Component[] {
  const components = address.getComponents()

  return components.slice(components.findLastIndex(({ code }) => code === CODE_P2P_CIRCUIT) + 1)
}
