import { quic } from '@chainsafe/libp2p-quic'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { gossipsub } from '@libp2p/gossipsub'
import { identify, identifyPush } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { mplex } from '@libp2p/mplex'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { Flags } from './flags.ts'
import type { GossipSub } from '@libp2p/gossipsub'
import type { Libp2p } from '@libp2p/interface'
import type { Ping } from '@libp2p/ping'

export interface Services extends Record<string, unknown> {
  ping: Ping
  pubsub: GossipSub
}

export type Node = Libp2p<Services>

/*
 * Defaults that make a busy test fail: the sixth stream of a second over mplex resets all streams, the sixth
 * connection of a second from one host is refused, a second ping at the same time too, and a late one ends a
 * busy connection.
 */
export async function createNode ({ listen, key, security, muxer, relay }: Flags): Promise<Node> {
  return createLibp2p({
    privateKey: await (key === 'rsa' ? generateKeyPair('RSA', 2048) : generateKeyPair('Ed25519')),
    addresses: { listen },
    transports: [tcp(), webSockets(), circuitRelayTransport(), quic() as never],
    connectionEncrypters: [security === 'tls' ? tls() : noise()],
    streamMuxers: [muxer === 'mplex' ? mplex({ disconnectThreshold: 1_000 }) : yamux()],
    connectionManager: { inboundConnectionThreshold: Infinity },
    connectionMonitor: { abortConnectionOnPingFailure: false },
    services: {
      identify: identify(),
      identifyPush: identifyPush(),
      ping: ping({ maxInboundStreams: 16, maxOutboundStreams: 16 }),
      dht: kadDHT({ protocol: '/test/kad/1.0.0', clientMode: false, peerInfoMapper: passthroughMapper }),
      pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }),
      ...(relay ? { relay: circuitRelayServer({ reservations: { applyDefaultLimit: false } }) } : {})
    }
  })
}
