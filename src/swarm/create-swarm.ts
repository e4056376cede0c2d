import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'
import { memory } from '@libp2p/memory'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { webSockets } from '@libp2p/websockets'
import { defaultLogger } from '@libp2p/logger'
import { MemoryDatastore } from 'datastore-core'
import { systemClock, systemRandom } from '../base/index.ts'
import { generateIdentity } from '../identity/index.ts'
import { createPeerstore } from '../peerstore/index.ts'
import { CONNECTION_DEFAULTS, DIAL_DEFAULTS, LIMIT_DEFAULTS, resolveOptions } from './options.ts'
import { pluginHost } from './plugin-host.ts'
import { PluginServices } from './plugins/index.ts'
import { SafeEventTarget } from './safe-event-target.ts'
import { SwarmNode } from './swarm-node.ts'
import { parseAddress } from './targets.ts'
import type { Swarm } from './contract/index.ts'
import type { SwarmCoreInit } from './swarm-core.ts'
import type { PluginFactory, SwarmInit } from './swarm-init.ts'
import type { ConnectionEncrypter, Libp2pEvents, ServiceMap, StreamMuxerFactory, Transport } from '@libp2p/interface'

const DEFAULT_TRANSPORTS: ReadonlyArray<PluginFactory<Transport>> = [tcp(), webSockets(), memory()]
const DEFAULT_ENCRYPTERS: ReadonlyArray<PluginFactory<ConnectionEncrypter>> = [noise(), tls()]
const DEFAULT_MUXERS: ReadonlyArray<PluginFactory<StreamMuxerFactory>> = [yamux()]

/**
 * Makes a swarm, starts its services, and listens.
 *
 * @throws ListenError when addresses are given and none works; then nothing is left behind
 * @throws TypeError, RangeError for options that do not exist or are out of bounds
 */
export async function createSwarm<Services extends ServiceMap = ServiceMap> (init: SwarmInit<Services> = {}): Promise<Swarm<Services>> {
  const node = new SwarmNode<Services>(await resolveInit(init))
  const plugins = new PluginServices<Services>(pluginHost(node))

  node.install(plugins)
  node.core.transports.install(plugins.upgrader, plugins.views)
  node.core.findPeer = (peer, signal) => plugins.findPeer(peer, signal)

  try {
    installPlugins(node, init)
    await plugins.start()

    if (init.listen != null && init.listen.length > 0) {
      await node.listen(...init.listen)
    }
  } catch (error) {
    await node.close()
    throw error
  }

  return node
}
