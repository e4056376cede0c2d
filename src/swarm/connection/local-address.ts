import type { MultiaddrConnection } from '@libp2p/interface'

interface HasSocket {
  socket?: { localAddress?: string, localPort?: number }
}

/** Our end of a TCP connection, as the text of a multiaddr: few ask for it, so it is parsed then. Transports do not say, but their socket does. */
export function localAddressOf (maConn: MultiaddrConnection): string | undefined {
  const { localAddress, localPort } = (maConn as HasSocket).socket ?? {}

  if (typeof localAddress !== 'string' || typeof localPort !== 'number') {
    return undefined
  }

  const mapped = localAddress.replace(/^::ffff:(?=\d+\.)/, '')

  return `/${mapped.includes(':') ? 'ip6' : 'ip4'}/${mapped.split('%')[0]}/tcp/${localPort}`
}
