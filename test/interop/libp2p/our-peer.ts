import { quic } from '@chainsafe/libp2p-quic'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { gossipsub } from '@libp2p/gossipsub'
import { identify, identifyPush } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { mplex } from '@libp2p/mplex'
import { noise as shippedNoise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp as shippedTcp } from '@libp2p/tcp'
import { tls as shippedTls } from '@libp2p/tls'
import { webSockets } from '@libp2p/websockets'
import { yamux as shippedYamux } from '@libp2p/yamux'
import { createSwarm, generateIdentity, noise, tcp, tls, yamux } from '../../../src/index.ts'
import { serve } from './our-handlers.ts'
import { OUR_VERBS } from './our-verbs.ts'
import { watchSockets } from './sockets.ts'
import type { Peer, Verbs } from './peer.ts'
import type { Stack } from './stacks.ts'
import type { PluginFactory, Swarm, SwarmInit } from '../../../src/index.ts'
import type { GossipSub } from '@libp2p/gossipsub'
import type { ConnectionEncrypter } from '@libp2p/interface'
import type { Ping } from '@libp2p/ping'

export interface OurServices extends Record<string, unknown> {
  ping: Ping
  pubsub: GossipSub
}

export interface OurPeerInit {
  readonly stack: Stack
  /** @default 'ed25519' */
  readonly key?: 'ed25519' | 'rsa' | undefined
  /** Relays for others. @default false */
  readonly isRelay?: boolean | undefined
}

/** A swarm of ours that does what it is told, as programs of others do. */
export class OurPeer implements Peer {
  readonly name = 'swarmd'
  readonly swarm: Swarm<OurServices>
  readonly #socketsClosed: () => Promise<void>

  private constructor (swarm: Swarm<OurServices>, socketsClosed: () => Promise<void>) {
    this.swarm = swarm
    this.#socketsClosed = socketsClosed
  }

  static async start (init: OurPeerInit): Promise<OurPeer> {
    const socketsClosed = watchSockets()
    const swarm = await createSwarm<OurServices>(await toSwarmInit(init))

    serve(swarm)

    return new OurPeer(swarm, socketsClosed)
  }

  get peer (): string {
    return this.swarm.peerId.toString()
  }

  get addrs (): readonly string[] {
    return this.swarm.interfaceListenAddresses().map(String)
  }

  async do<V extends keyof Verbs> (verb: V, args: Verbs[V]['args']): Promise<Verbs[V]['value']> {
    return OUR_VERBS[verb](this, args)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.swarm.close()
    await this.#socketsClosed()
  }
}

async function toSwarmInit ({ stack, key = 'ed25519', isRelay = false }: OurPeerInit): Promise<SwarmInit<OurServices>> {
  return {
    identity: await generateIdentity({ type: key === 'rsa' ? 'RSA' : 'Ed25519' }),
    listen: [stack.listen],
    transports: [stack.isShipped ? shippedTcp() : tcp(), webSockets(), quic() as never, circuitRelayTransport()],
    connectionEncrypters: [encrypterOf(stack)],
    streamMuxers: [muxerOf(stack)],
    services: {
      identify: identify(),
      identifyPush: identifyPush(),
      ping: ping({ maxInboundStreams: 16, maxOutboundStreams: 16 }),
      dht: kadDHT({ protocol: '/test/kad/1.0.0', clientMode: false, peerInfoMapper: passthroughMapper }),
      pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }),
      ...(isRelay ? { relay: circuitRelayServer({ reservations: { applyDefaultLimit: false } }) } : {})
    }
  }
}

function encrypterOf ({ security, isShipped }: Stack): PluginFactory<ConnectionEncrypter> {
  if (security === 'tls') {
    return isShipped ? shippedTls() : tls()
  }

  return isShipped ? shippedNoise() : noise()
}

function muxerOf ({ muxer, isShipped }: Stack): NonNullable<SwarmInit['streamMuxers']>[number] {
  if (muxer === 'mplex') {
    return mplex({ disconnectThreshold: 1000 })
  }

  return isShipped ? shippedYamux() : yamux()
}
