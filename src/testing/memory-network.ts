import { memory } from '@libp2p/memory'
import { createSwarm } from '../swarm/index.ts'
import type { Swarm, SwarmInit } from '../swarm/index.ts'
import type { ServiceMap } from '@libp2p/interface'

let count = 0

/**
 * Swarms of one process that reach each other without sockets: each listens at an address in memory, and
 * all are closed together.
 */
export class MemoryNetwork implements AsyncDisposable {
  readonly #swarms: Swarm[] = []

  /** One more swarm. It knows none of the others; `introduce` changes that. */
  async add<Services extends ServiceMap = ServiceMap> (init: Omit<SwarmInit<Services>, 'transports' | 'listen'> = {}): Promise<Swarm<Services>> {
    const swarm = await createSwarm<Services>({ ...init, transports: [memory()], listen: [`/memory/swarmd-${++count}`] })

    this.#swarms.push(swarm)

    return swarm
  }

  /** Tells every swarm where all others are. */
  async introduce (): Promise<void> {
    await Promise.all(this.#swarms.flatMap((knower) => this.#swarms
      .filter((known) => known !== knower)
      .map((known) => knower.peerStore.merge(known.peerId, { multiaddrs: known.listenAddresses() }))))
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all(this.#swarms.splice(0).map((swarm) => swarm.close()))
  }
}
