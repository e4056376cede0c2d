import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { Libp2p } from 'libp2p'

export type Security = 'noise' | 'tls'

/** A node without limits on connections and streams, and with nothing that runs beside the question. */
export function createNode (security: Security, listen: string[] = []): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen },
    transports: [tcp({ backlog: 4096 })],
    connectionEncrypters: [security === 'noise' ? noise() : tls()],
    streamMuxers: [yamux({ maxInboundStreams: Infinity, maxOutboundStreams: Infinity, maxEarlyStreams: Infinity })],
    connectionManager: {
      maxConnections: Infinity,
      maxIncomingPendingConnections: Infinity,
      inboundConnectionThreshold: Infinity,
      maxParallelDials: Infinity,
      maxDialQueueLength: Infinity
    },
    connectionMonitor: { enabled: false }
  })
}
