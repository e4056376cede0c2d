/** What a connection is made of. */
export interface Stack {
  /** For the names of tests. */
  readonly name: string
  /** A multiaddr with a free port. */
  readonly listen: string
  readonly transport: 'tcp' | 'ws' | 'quic-v1'
  readonly security: 'noise' | 'tls'
  readonly muxer: 'yamux' | 'mplex'
  /** Whether our side has the TCP, encryption and yamux of js-libp2p in place of its own. */
  readonly isShipped: boolean
}

const TCP = '/ip4/127.0.0.1/tcp/0'

export const STACKS = {
  noise: { name: 'tcp, noise, yamux', listen: TCP, transport: 'tcp', security: 'noise', muxer: 'yamux', isShipped: false },
  tls: { name: 'tcp, tls, yamux', listen: TCP, transport: 'tcp', security: 'tls', muxer: 'yamux', isShipped: false },
  ws: { name: 'ws, noise, yamux', listen: `${TCP}/ws`, transport: 'ws', security: 'noise', muxer: 'yamux', isShipped: false },
  wsTls: { name: 'ws, tls, yamux', listen: `${TCP}/ws`, transport: 'ws', security: 'tls', muxer: 'yamux', isShipped: false },
  quic: { name: 'quic-v1', listen: '/ip4/127.0.0.1/udp/0/quic-v1', transport: 'quic-v1', security: 'tls', muxer: 'yamux', isShipped: false },
  mplex: { name: 'tcp, noise, mplex', listen: TCP, transport: 'tcp', security: 'noise', muxer: 'mplex', isShipped: false },
  shipped: { name: 'tcp, noise, yamux of js-libp2p', listen: TCP, transport: 'tcp', security: 'noise', muxer: 'yamux', isShipped: true }
} as const satisfies Readonly<Record<string, Stack>>
