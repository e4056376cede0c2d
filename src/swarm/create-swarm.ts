import { defaultLogger } from '@libp2p/logger'
import { memory } from '@libp2p/memory'
import { webSockets } from '@libp2p/websockets'
import { dns } from '@multiformats/dns'
import { MemoryDatastore } from 'datastore-core'
import { systemClock, systemRandom } from '../base/index.ts'
import { generateIdentity } from '../identity/index.ts'
import { noise } from '../noise/index.ts'
import { createPeerstore } from '../peerstore/index.ts'
import { tcp } from '../tcp/index.ts'
import { tls } from '../tls/index.ts'
import { yamux } from '../yamux/index.ts'
import { CONNECTION_DEFAULTS, DIAL_DEFAULTS, LIMIT_DEFAULTS, resolveOptions } from './options.ts'
import { pluginHost } from './plugin-host.ts'
import { PluginServices } from './plugins/index.ts'
import { SafeEventTarget } from './safe-event-target.ts'
import { SwarmNode } from './swarm-node.ts'
import { parseAddress } from './targets.ts'
import type { Swarm } from './contract/index.ts'
import type { SwarmCoreInit } from './swarm-core.ts'
import type { PluginFactory, SwarmInit } from './swarm-init.ts'
import type { ConnectionEncrypter, Libp2pEvents, Metrics, ServiceMap, StreamMuxerFactory, Transport } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Of go-libp2p-swarm, for operators: it holds where `createSwarm` is not told. */
const FD_LIMIT_VARIABLE = 'LIBP2P_SWARM_FD_LIMIT'

const defaultTransports = ({ clock }: SwarmCoreInit): Array<PluginFactory<Transport>> => [tcp({ clock }), webSockets(), memory()]
const defaultEncrypters = ({ clock }: SwarmCoreInit): Array<PluginFactory<ConnectionEncrypter>> => [noise(), tls({ clock })]
const defaultMuxers = ({ clock }: SwarmCoreInit): Array<PluginFactory<StreamMuxerFactory>> => [yamux({
  clock,
  // the limits of the swarm bound both, and say so when they refuse
  maxInboundStreams: Infinity,
  maxOutboundStreams: Infinity
})]

/**
 * Makes a swarm, starts its services, and listens.
 *
 * @throws ListenError when addresses are given and none works; then nothing is left behind
 * @throws TypeError, RangeError for options that do not exist or are out of bounds
 */
export async function createSwarm<Services extends ServiceMap = ServiceMap> (init: SwarmInit<Services> = {}): Promise<Swarm<Services>> {
  const listen = (init.listen ?? []).map(parseAddress)
  const node = new SwarmNode<Services>(await resolveInit(init))

  try {
    installPlugins(node, init, listen)
    await node.plugins.start()

    if (listen.length > 0) {
      await node.listen(...listen)
    }
  } catch (error) {
    await node.close()
    throw error
  }

  return node
}

/** Every choice that `init` leaves open, made. */
async function resolveInit (init: SwarmInit): Promise<SwarmCoreInit> {
  const { ranker, ...dial } = init.dial ?? {}
  const identity = init.identity ?? await generateIdentity()
  const clock = init.clock ?? systemClock
  const logger = init.logger ?? defaultLogger()
  const datastore = init.datastore ?? new MemoryDatastore()
  const metrics = init.metrics?.({ logger } as never) satisfies Metrics | undefined
  const log = logger.forComponent('swarmd:events')
  const pluginEvents = new SafeEventTarget<Libp2pEvents>((type, error) => { log.error('a listener of %s threw - %e', type, error) })

  return {
    identity,
    logger,
    datastore,
    metrics,
    pluginEvents,
    ranker,
    clock,
    random: init.random ?? systemRandom,
    dial: resolveOptions('dial', DIAL_DEFAULTS, { ...dial, maxFdDials: dial.maxFdDials ?? fdLimit() }),
    limits: resolveOptions('limits', LIMIT_DEFAULTS, init.limits),
    connection: resolveOptions('connection', CONNECTION_DEFAULTS, init.connection),
    gater: init.connectionGater ?? {},
    dns: init.dns ?? dns(),
    announce: (init.announce ?? []).map(parseAddress),
    peerStore: createPeerstore({ peerId: identity.peerId, datastore, events: pluginEvents, logger, clock, ...metrics == null ? {} : { metrics } })
  }
}

/** What the environment says of `dial.maxFdDials`, if anything. */
function fdLimit (): number | undefined {
  const text = process.env[FD_LIMIT_VARIABLE] ?? ''

  if (text !== '' && !(Number(text) >= 0)) {
    throw new RangeError(`the environment variable ${FD_LIMIT_VARIABLE} must be a number of 0 or more, received ${JSON.stringify(text)}`)
  }

  return text === '' ? undefined : Number(text)
}

/** Makes transports, encrypters, muxers and services, each with the live components. */
function installPlugins<Services extends ServiceMap> (node: SwarmNode<Services>, init: SwarmInit<Services>, listen: Multiaddr[]): void {
  const { core } = node
  const plugins = new PluginServices<Services>(pluginHost(node, { listen }))
  const make = <T>(factory: PluginFactory<T>): T => factory(plugins.components as never)

  node.install(plugins)
  core.transports.install(plugins.upgrader, plugins.views)
  core.findPeer = plugins.findPeer.bind(plugins)
  core.protector = init.connectionProtector == null ? undefined : make(init.connectionProtector)

  for (const muxer of (init.streamMuxers ?? defaultMuxers(core.init)).map(make)) {
    core.muxers.set(muxer.protocol, muxer)
  }

  for (const encrypter of (init.connectionEncrypters ?? defaultEncrypters(core.init)).map(make)) {
    core.encrypters.set(encrypter.protocol, encrypter)
  }

  for (const transport of (init.transports ?? defaultTransports(core.init)).map(make)) {
    core.transports.add(transport)
  }

  plugins.create(init.services)
}
