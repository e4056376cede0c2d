import { resolveTcpOptions } from './options.ts'
import { TcpTransport } from './transport.ts'
import type { TcpInit } from './options.ts'
import type { TcpComponents } from './transport.ts'

/**
 * Connections over TCP and unix sockets: the transport of libp2p.
 *
 * It takes the place of `@libp2p/tcp`, with its options and its metrics. Addresses are `/ip4/…/tcp/…`,
 * `/ip6/…/tcp/…` with or without `/ip6zone/…`, `/dns/…/tcp/…` and its kin, and `/unix/…`.
 *
 * - `socket-stream`: the bytes of a socket as libp2p wants them, plain or under TLS
 * - `connection`: a socket and who is at its other end; lets an encrypter take the socket over
 * - `connect`, `listener`, `transport`: how sockets come about
 */
export function tcp (init: TcpInit = {}): (components: TcpComponents) => TcpTransport {
  const settings = resolveTcpOptions(init)

  return (components) => new TcpTransport(components, settings)
}

export { socketOf, wrapSocket } from './connection.ts'
export { SocketStream } from './socket-stream.ts'
export { TCP_DEFAULTS } from './options.ts'
export { TcpTransport } from './transport.ts'
export type { CloseServerOnMaxConnections, TcpInit, TcpSocketOptions } from './options.ts'
export type { SocketStreamInit } from './socket-stream.ts'
export type { TcpComponents, TcpDialEvents, TcpDialOptions, TcpListenOptions } from './transport.ts'
export type { TcpListener } from './listener.ts'
