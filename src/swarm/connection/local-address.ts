import { multiaddr } from '@multiformats/multiaddr'
import type { MultiaddrConnection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

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
