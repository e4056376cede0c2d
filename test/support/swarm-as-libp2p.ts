import { asLibp2p, createSwarm, generateIdentity } from '../../src/index.ts'
import type { Identity, SwarmInit } from '../../src/index.ts'
import type { SwarmNode } from '../../src/swarm/swarm-node.ts'
import type { Connection, Libp2p, Libp2pEvents, PeerId, ServiceMap, Startable, StreamHandler, StreamHandlerOptions } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Libp2pInit } from 'libp2p'

type Subscription = [type: keyof Libp2pEvents, listener: (event: CustomEvent) => void]
type DialArguments = Parameters<Libp2p['dial']>
type DialProtocolArguments = Parameters<Libp2p['dialProtocol']>

/**
 * Takes the place of the package `libp2p` in the transport compliance suite, so that the suite runs
 * against the Swarm.
 */
export async function createLibp2p (init: Libp2pInit): Promise<SwarmAsLibp2p> {
  const node = new SwarmAsLibp2p(init, await generateIdentity())

  await node.start()

  return node
}

/** A libp2p node can start again after it has stopped; a swarm cannot, so each start makes another. */
class SwarmAsLibp2p implements Startable {
  readonly #init: Libp2pInit
  readonly #identity: Identity
  readonly #subscriptions: Subscription[] = []
  #latest: SwarmNode | undefined

  constructor (init: Libp2pInit, identity: Identity) {
    this.#init = init
    this.#identity = identity
  }

  get peerId (): PeerId {
    return this.#identity.peerId
  }

  get services (): ServiceMap {
    return this.#node.services
  }

  /** The suite replaces methods of the upgrader in it, and lists the listeners. */
  get components (): unknown {
    return this.#swarm.plugins.components
  }

  get #swarm (): SwarmNode {
    if (this.#latest == null) {
      throw new Error('the node was never started')
    }

    return this.#latest
  }

  get #node (): Libp2p {
    return asLibp2p(this.#swarm)
  }

  async start (): Promise<void> {
    this.#latest = await createSwarm(swarmInit(this.#init, this.#identity)) as SwarmNode

    for (const subscription of this.#subscriptions) {
      this.#node.addEventListener(...subscription)
    }

    const addresses = this.#init.addresses?.listen ?? []

    // only now, as the suite wants to hear of it
    if (addresses.length > 0) {
      await this.#latest.listen(...addresses)
    }
  }

  async stop (): Promise<void> {
    await this.#latest?.close()
  }

  addEventListener (...subscription: Subscription): void {
    this.#subscriptions.push(subscription)
    this.#node.addEventListener(...subscription)
  }

  getMultiaddrs (): Multiaddr[] {
    return this.#node.getMultiaddrs()
  }

  getConnections (peer?: PeerId): Connection[] {
    return this.#node.getConnections(peer)
  }

  async dial (...args: DialArguments): Promise<Connection> {
    return this.#node.dial(...args)
  }

  async dialProtocol (...args: DialProtocolArguments): ReturnType<Libp2p['dialProtocol']> {
    return this.#node.dialProtocol(...args)
  }

  async handle (protocol: string | string[], handler: StreamHandler, options?: StreamHandlerOptions): Promise<void> {
    await this.#node.handle(protocol, handler, options)
  }
}

function swarmInit (init: Libp2pInit, identity: Identity): SwarmInit {
  const { transports, connectionEncrypters, streamMuxers, connectionGater, connectionProtector, services, logger } = init

  return { identity, transports, connectionEncrypters, streamMuxers, connectionGater, connectionProtector, services, logger }
}
