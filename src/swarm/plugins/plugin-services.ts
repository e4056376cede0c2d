import { contentRoutingSymbol, peerDiscoverySymbol, peerRoutingSymbol } from '@libp2p/interface'
import { isCoded, toError } from '../../base/index.ts'
import { withoutPeer } from '../address/index.ts'
import { PluginAddressManager } from './address-manager.ts'
import { Libp2pNode } from './as-libp2p.ts'
import { createComponents, isComponentName } from './components.ts'
import { PluginConnectionManager } from './connection-manager.ts'
import { PluginContentRouting } from './content-routing.ts'
import { EventBridge } from './event-bridge.ts'
import { Lifecycle } from './lifecycle.ts'
import { PeerDiscoveryFeed } from './peer-discovery.ts'
import { PluginPeerRouting } from './peer-routing.ts'
import { PluginRandomWalk } from './random-walk.ts'
import { PluginRegistrar } from './registrar.ts'
import { SelfRecord } from './self-record.ts'
import { capabilitiesOf, checkDependencies } from './service-capabilities.ts'
import { PluginTransportManager } from './transport-manager.ts'
import { PluginUpgrader } from './upgrader.ts'
import { Views } from './views.ts'
import type { PluginComponents } from './components.ts'
import type { PluginHost } from './host.ts'
import type { ContentRouting, Libp2p, Libp2pStatus, PeerDiscovery, PeerId, PeerRouting, ServiceMap } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** What a service may offer to the rest, besides its own methods. */
interface Offers {
  [peerRoutingSymbol]?: Partial<PeerRouting>
  [contentRoutingSymbol]?: Partial<ContentRouting>
  [peerDiscoverySymbol]?: PeerDiscovery
}

export type PluginFactories<Services extends ServiceMap> = { [Name in keyof Services]: (components: never) => Services[Name] }

/** Services that find out which of our public addresses can be dialled. */
const VERIFIERS = ['@libp2p/autonat', '@libp2p/autonat-v2']

/** The plugins of one swarm: what they are given, and the services among them. */
export class PluginServices<Services extends ServiceMap = ServiceMap> {
  readonly components: PluginComponents
  readonly views: Views
  readonly upgrader: PluginUpgrader
  /** The swarm as js-libp2p's node. */
  readonly libp2p: Libp2p<Services>

  readonly #host: PluginHost
  readonly #services: Record<string, unknown> = {}
  /** Everything that was made of a factory: services, transports, encrypters, muxers. */
  readonly #parts = new Map<string, unknown>()
  readonly #ended = new AbortController()
  readonly #selfRecord: SelfRecord
  readonly #peerRouting: PluginPeerRouting
  readonly #contentRouting: PluginContentRouting
  readonly #discovery: PeerDiscoveryFeed
  readonly #lifecycle: Lifecycle
  #status: Libp2pStatus = 'starting'
  #stopping: Promise<void> | undefined

  constructor (host: PluginHost) {
    const { clock, random } = host

    this.#host = host
    this.views = new Views({ clock, afterOpen: (stream, connection) => registrar.afterOpen(stream, connection) })
    this.upgrader = new PluginUpgrader(host, this.views)
    this.#selfRecord = this.#createSelfRecord()
    this.#peerRouting = new PluginPeerRouting(host)
    this.#contentRouting = new PluginContentRouting(host)
    this.#discovery = new PeerDiscoveryFeed(host)
    this.#lifecycle = new Lifecycle(host)

    const registrar = new PluginRegistrar({ host, views: this.views, selfRecord: this.#selfRecord })

    this.components = createComponents(host, {
      registrar,
      upgrader: this.upgrader,
      connectionManager: new PluginConnectionManager(host, this.views),
      transportManager: new PluginTransportManager(host, this.upgrader),
      addressManager: new PluginAddressManager({ host, hasVerifier: () => this.#hasVerifier, onChange: () => { this.#selfRecord.changed() } }),
      peerRouting: this.#peerRouting,
      contentRouting: this.#contentRouting,
      randomWalk: new PluginRandomWalk({ clock, random, peerRouting: this.#peerRouting, ended: this.#ended.signal })
    }, this.#services)
    this.libp2p = new Libp2pNode({ host, components: this.components, services: () => this.services, status: () => this.#status })

    host.observe(new EventBridge({ host, views: this.views, onSelfChange: () => { this.#selfRecord.changed() } }))
  }

  get services (): Services {
    return this.#services as Services
  }

  /** A part that is no service, as a transport: it is started and stopped with the others. */
  add (name: string, part: unknown): void {
    if (![...this.#parts.values()].includes(part)) {
      this.#parts.set(name, part)
      this.#lifecycle.add(name, part)
    }
  }

  /**
   * Makes every service, in the order of the names. Their components are live, so a service may use one
   * that is made after it.
   *
   * @throws TypeError for a name that is taken, and for a factory that makes nothing
   */
  create (factories?: PluginFactories<Services>): void {
    for (const [name, create] of Object.entries(factories ?? {})) {
      if (isComponentName(name) || Object.hasOwn(this.#services, name)) {
        throw new TypeError(`a service cannot have the name of a component, received ${name}`)
      }

      const service: unknown = create(this.components)

      if (service == null) {
        throw new TypeError(`the factory of service ${name} must make a service, received ${String(service)}`)
      }

      this.#services[name] = service
      this.add(name, service)
      this.#takeOffers(service)
    }
  }

  /** Addresses of a peer from the services that route peers; none when there is no such service. */
  async findPeer (peer: PeerId, signal: AbortSignal): Promise<Multiaddr[]> {
    if (!this.#peerRouting.hasRouters) {
      return []
    }

    try {
      const { multiaddrs } = await this.#peerRouting.findPeer(peer, { signal })

      return multiaddrs
    } catch (thrown) {
      if (toError(thrown).name === 'NotFoundError' || isCoded(thrown)) {
        return []
      }

      throw thrown
    }
  }

  /** @throws CodedError UnmetServiceDependencies, and what a service throws that does not start */
  async start (): Promise<void> {
    this.#addHostParts()
    checkDependencies(this.#parts)
    await this.#lifecycle.start()
    this.#status = 'started'
    this.#host.events.safeDispatchEvent('start', { detail: this.libp2p })
  }

  /**
   * Does not throw: what fails is reported.
   *
   * @param closing - what else closes meanwhile, of which js-libp2p's `stop` event is told last
   */
  async stop (closing?: Promise<unknown>): Promise<void> {
    await (this.#stopping ??= this.#stop(closing))
  }

  async #stop (closing: Promise<unknown> | undefined): Promise<void> {
    this.#status = 'stopping'
    this.#ended.abort(new DOMException('the swarm was closed', 'AbortError'))
    this.#discovery[Symbol.dispose]()
    await this.#lifecycle.stop()
    await this.#selfRecord.stop()
    await closing
    this.#status = 'stopped'
    this.#host.events.safeDispatchEvent('stop', { detail: this.libp2p })
  }

  /** Transports and their like may need starting, offer something to services, or need some. */
  #addHostParts (): void {
    const { metrics, connectionProtector, encrypters, muxers } = this.#host

    this.add('metrics', metrics)
    this.add('connection protector', connectionProtector)
    encrypters.forEach((encrypter, protocol) => { this.add(`connection encrypter ${protocol}`, encrypter) })
    muxers.forEach((muxer, protocol) => { this.add(`stream muxer ${protocol}`, muxer) })
    this.#host.transports().forEach((transport) => { this.add(`transport ${transport[Symbol.toStringTag]}`, transport) })
  }

  get #hasVerifier (): boolean {
    return [...this.#parts.values()].some((part) => capabilitiesOf(part).some((capability) => VERIFIERS.includes(capability)))
  }

  #createSelfRecord (): SelfRecord {
    const { peerId, peerStore } = this.#host

    return new SelfRecord({
      peerId,
      peerStore,
      addresses: () => this.components.addressManager.getAddresses().map(withoutPeer),
      protocols: () => this.components.registrar.getProtocols(),
      onError: (error) => { this.#host.reportError('storing our own record', error) }
    })
  }

  #takeOffers (service: Offers): void {
    const peerRouting = service[peerRoutingSymbol]
    const contentRouting = service[contentRoutingSymbol]

    if (peerRouting != null) {
      this.#peerRouting.add(peerRouting)
    }

    if (contentRouting != null) {
      this.#contentRouting.add(contentRouting)
    }

    if (service[peerDiscoverySymbol] != null) {
      this.#discovery.follow(service[peerDiscoverySymbol])
    }
  }
}
