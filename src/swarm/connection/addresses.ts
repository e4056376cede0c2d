import { multiaddr } from '@multiformats/multiaddr'
import type { MultiaddrConnection, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** The peer that an address names as its last component, as text. */
export function peerInAddress (address: Multiaddr): string | undefined {
  return address.getComponents().findLast(({ name }) => name === 'p2p')?.value
}

/** `address`, ending in /p2p/<peer>. */
export function withPeerId (address: Multiaddr, peer: PeerId): Multiaddr {
  const last = address.getComponents().at(-1)

  return last?.name === 'p2p' && last.value === peer.toString() ? address : address.encapsulate(`/p2p/${peer.toString()}`)
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
