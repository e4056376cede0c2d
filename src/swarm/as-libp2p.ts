import { SwarmNode } from './swarm-node.ts'
import type { Swarm } from './contract/index.ts'
import type { Libp2p, ServiceMap } from '@libp2p/interface'

/**
 * The same node, as `@libp2p/interface` knows it: for helia, services and test suites written against
 * js-libp2p. Its streams and connections are views of the swarm's; `stop()` closes the swarm.
 *
 * @throws TypeError for what `createSwarm` did not make
 */
export function asLibp2p<Services extends ServiceMap> (swarm: Swarm<Services>): Libp2p<Services> {
  if (!(swarm instanceof SwarmNode)) {
    throw new TypeError(`asLibp2p wants a swarm that createSwarm made, received ${typeof swarm}`)
  }

  return swarm.plugins.libp2p as Libp2p<Services>
}
