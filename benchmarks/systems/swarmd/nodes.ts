/* Swarms that serve and ask, and what they have in common in all systems of ours. */
import { createSwarm, tls } from '../../../src/index.ts'
import type { Swarm, SwarmInit } from '../../../src/index.ts'

export type Security = 'Noise' | 'TLS'

/** Noise is what swarms choose of themselves. */
const SECURED: Record<Security, SwarmInit> = { Noise: {}, TLS: { connectionEncrypters: [tls()] } }

/** Room for thousands of connections and streams; all else is as it comes. */
const LIMITS: NonNullable<SwarmInit['limits']> = {
  maxConnections: Infinity,
  maxInboundConnections: Infinity,
  maxOutboundConnections: Infinity,
  highWater: Infinity,
  lowWater: Infinity,
  maxInboundStreamsPerConnection: Infinity,
  maxOutboundStreamsPerConnection: Infinity,
  maxInboundStreamsPerProtocol: Infinity
}

export function serverNode (security: Security): Promise<Swarm> {
  return createSwarm({ ...SECURED[security], limits: LIMITS, listen: ['/ip4/127.0.0.1/tcp/0'] })
}

export function clientNode (security: Security): Promise<Swarm> {
  return createSwarm({ ...SECURED[security], limits: LIMITS })
}

export function addressOf (swarm: Swarm): string {
  return String(swarm.interfaceListenAddresses()[0])
}
