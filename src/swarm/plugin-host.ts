import { toError, VERSION } from '../base/index.ts'
import { filterAddresses } from './dial/index.ts'
import { parseTarget } from './targets.ts'
import type { PluginHost } from './plugins/index.ts'
import type { SwarmNode } from './swarm-node.ts'
import type { IsDialableOptions, PendingDial, ServiceMap } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface PluginHostInit {
  /** As configured, before they are bound. */
  listen: Multiaddr[]
}

/** The swarm as the plugins room sees it. */
export function pluginHost<Services extends ServiceMap> (node: SwarmNode<Services>, { listen }: PluginHostInit): PluginHost {
  const { core } = node
  const { init, transports, listeners } = core

  return {
    peerId: core.localPeer,
    privateKey: init.identity.privateKey,
    nodeInfo: { name: 'swarmd', version: VERSION, userAgent: `swarmd/${VERSION}` },
    peerStore: init.peerStore,
    datastore: init.datastore,
    logger: init.logger,
    metrics: init.metrics,
    connectionGater: init.gater,
    get connectionProtector () { return core.protector },
    dns: init.dns,
    clock: init.clock,
    random: init.random,
    events: init.pluginEvents,
    registry: core.registry,
    upgrader: core.upgrader,
    encrypters: core.encrypters,
    muxers: core.muxers,
    inboundUpgradeTimeoutMs: init.connection.inboundUpgradeTimeoutMs,

    connections: (peer) => core.connections.ranked(peer?.toString()),
    dial: (target, { signal, fresh = false, initiator = true }) => {
      const parsed = parseTarget(target)

      return fresh || !initiator ? core.dialer.dialFresh(parsed, { signal, initiator }) : node.dialConnection(parsed, { signal })
    },
    closePeer: (peer, options) => node.closePeer(peer, options),
    isDialable: (addresses, options) => isDialable(node, addresses, options),
    pendingDials: () => pendingDials(node),
    maxConnections: () => core.connectionLimits.maxConnections,
    setMaxConnections: (max) => { core.connectionLimits.maxConnections = max },

    transports: () => transports.list(),
    addTransport: (transport) => { transports.add(transport) },
    removeTransport: async (transport) => { transports.remove(transport) },
    transportForDialing: (address) => transports.forDialing(address),
    transportForListening: (address) => transports.forListening(address),
    listeners: () => listeners.listeners(),
    listen: async (addresses) => { await core.listen(addresses) },
    configuredListenAddresses: () => listen,
    announceAddresses: () => init.announce,

    observe: (observer) => { core.observers.add(observer) },
    reportError: (during, error) => { core.announcer.error(during, toError(error)) },
    close: () => node.close()
  }
}

async function isDialable<Services extends ServiceMap> ({ core }: SwarmNode<Services>, addresses: Multiaddr[], { runOnLimitedConnection = true, signal }: IsDialableOptions): Promise<boolean> {
  const { good } = await filterAddresses({
    transportForDialing: (address) => core.transports.forDialing(address),
    ownAddresses: () => core.interfaceListenAddresses(),
    gater: core.init.gater,
    settings: core.init.dial
  }, undefined, addresses, { forceDirect: !runOnLimitedConnection, signal })

  return good.length > 0
}

function pendingDials<Services extends ServiceMap> ({ core }: SwarmNode<Services>): PendingDial[] {
  return core.dialer.pending().map(({ key, peer, addresses, status }) => {
    const pending = { id: key, status, multiaddrs: addresses }

    return peer == null ? pending : { ...pending, peerId: peer }
  })
}
