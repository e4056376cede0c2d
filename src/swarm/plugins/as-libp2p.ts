import { publicKeyFromProtobuf } from '@libp2p/crypto/keys'
import { InvalidParametersError, InvalidPublicKeyError } from '@libp2p/interface'
import { CodedError } from '../../base/index.ts'
import { parseDialTarget } from './dial-target.ts'
import type { PluginComponents } from './components.ts'
import type { PluginHost } from './host.ts'
import type { AbortOptions, ComponentLogger, Connection, ContentRouting, DialOptions, DialProtocolOptions, DialTarget, EventHandler, IsDialableOptions, Libp2p, Libp2pEvents, Libp2pStatus, Metrics, PeerId, PeerRouting, PeerStore, PendingDial, PublicKey, ServiceMap, Stream, StreamHandler, StreamHandlerOptions, StreamMiddleware, Topology } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface Libp2pInit<Services extends ServiceMap> {
  host: Pick<PluginHost, 'events' | 'close'>
  components: PluginComponents
  services(): Services
  status(): Libp2pStatus
}

const PUBLIC_KEY_PREFIX = new TextEncoder().encode('/pk/')

/**
 * A swarm as js-libp2p's node, for what is written against that. `stop` closes the swarm, for good: a
 * swarm does not start again.
 */
export class Libp2pNode<Services extends ServiceMap> implements Libp2p<Services> {
  readonly #init: Libp2pInit<Services>

  constructor (init: Libp2pInit<Services>) {
    this.#init = init
  }

  get [Symbol.toStringTag] (): string {
    return 'libp2p'
  }

  get peerId (): PeerId {
    return this.#components.peerId
  }

  get peerStore (): PeerStore {
    return this.#components.peerStore
  }

  get peerRouting (): PeerRouting {
    return this.#components.peerRouting
  }

  get contentRouting (): ContentRouting {
    return this.#components.contentRouting
  }

  /** Undefined without metrics, where the interface wants it absent. */
  get metrics (): Metrics {
    return this.#components.metrics as Metrics
  }

  get logger (): ComponentLogger {
    return this.#components.logger
  }

  get services (): Services {
    return this.#init.services()
  }

  get status (): Libp2pStatus {
    return this.#init.status()
  }

  /** @throws CodedError UnsupportedOperation after `stop` */
  async start (): Promise<void> {
    if (this.status === 'stopping' || this.status === 'stopped') {
      throw new CodedError('UnsupportedOperation', 'a swarm that was closed does not start again: create another one with the same identity')
    }
  }

  async stop (): Promise<void> {
    await this.#init.host.close()
  }

  getMultiaddrs (): Multiaddr[] {
    return this.#components.addressManager.getAddresses()
  }

  getProtocols (): string[] {
    return this.#components.registrar.getProtocols()
  }

  getConnections (peer?: PeerId): Connection[] {
    return this.#components.connectionManager.getConnections(peer)
  }

  getDialQueue (): PendingDial[] {
    return this.#components.connectionManager.getDialQueue()
  }

  getPeers (): PeerId[] {
    return [...this.#components.connectionManager.getConnectionsMap().keys()]
  }

  async dial (peer: DialTarget, options?: DialOptions): Promise<Connection> {
    return this.#components.connectionManager.openConnection(peer, options)
  }

  async dialProtocol (peer: DialTarget, protocols: string | string[], options?: DialProtocolOptions): Promise<Stream> {
    if (protocols == null || protocols.length === 0) {
      throw new InvalidParametersError('no protocols were provided to open a stream')
    }

    return this.#components.connectionManager.openStream(peer, protocols, options)
  }

  async hangUp (target: PeerId | Multiaddr, options?: AbortOptions): Promise<void> {
    const { peer } = parseDialTarget(target)

    if (peer == null) {
      throw new InvalidParametersError(`${String(target)} names no peer to hang up`)
    }

    await this.#components.connectionManager.closeConnections(peer, options)
  }

  async handle (protocols: string | string[], handler: StreamHandler, options?: StreamHandlerOptions): Promise<void> {
    await Promise.all(toArray(protocols).map((protocol) => this.#components.registrar.handle(protocol, handler, options)))
  }

  async unhandle (protocols: string | string[], options?: AbortOptions): Promise<void> {
    await Promise.all(toArray(protocols).map((protocol) => this.#components.registrar.unhandle(protocol, options)))
  }

  async register (protocol: string, topology: Topology, options?: AbortOptions): Promise<string> {
    return this.#components.registrar.register(protocol, topology, options)
  }

  unregister (id: string): void {
    this.#components.registrar.unregister(id)
  }

  use (protocol: string, middleware: StreamMiddleware | StreamMiddleware[]): void {
    this.#components.registrar.use(protocol, toArray(middleware))
  }

  unuse (protocol: string): void {
    this.#components.registrar.unuse(protocol)
  }

  async isDialable (addresses: Multiaddr | Multiaddr[], options?: IsDialableOptions): Promise<boolean> {
    return this.#components.connectionManager.isDialable(addresses, options)
  }

  /**
   * From the peer ID, the peer store, or the content routers.
   *
   * @throws InvalidPublicKeyError when the network gives a key of another peer
   */
  readonly getPublicKey = (async (peer: PeerId, options: AbortOptions = {}): Promise<PublicKey> => {
    return peer.publicKey ?? await this.#storedKey(peer, options) ?? this.#routedKey(peer, options)
  }) as Libp2p['getPublicKey']

  addEventListener<K extends keyof Libp2pEvents<Services>> (type: K, listener: EventHandler<Libp2pEvents<Services>[K]> | null, options?: boolean | AddEventListenerOptions): void {
    this.#events.addEventListener(type, listener, options)
  }

  removeEventListener<K extends keyof Libp2pEvents<Services>> (type: K | string, listener?: EventHandler<Libp2pEvents<Services>[K]> | null, options?: boolean | EventListenerOptions): void {
    this.#events.removeEventListener(type as K, listener, options)
  }

  listenerCount (type: string): number {
    return this.#events.listenerCount(type)
  }

  dispatchEvent (event: Event): boolean {
    return this.#events.dispatchEvent(event)
  }

  safeDispatchEvent<Detail> (type: keyof Libp2pEvents<Services>, detail?: CustomEventInit<Detail>): boolean {
    return this.#events.safeDispatchEvent(type, detail)
  }

  get #components (): PluginComponents {
    return this.#init.components
  }

  get #events (): Libp2p<Services> {
    return this.#init.host.events as unknown as Libp2p<Services>
  }

  async #storedKey (peer: PeerId, options: AbortOptions): Promise<PublicKey | undefined> {
    const stored = await this.peerStore.has(peer, options) ? await this.peerStore.get(peer, options) : undefined

    return stored?.id.publicKey
  }

  async #routedKey (peer: PeerId, options: AbortOptions): Promise<PublicKey> {
    const multihash = peer.toMultihash().bytes
    const name = new Uint8Array(PUBLIC_KEY_PREFIX.byteLength + multihash.byteLength)

    name.set(PUBLIC_KEY_PREFIX)
    name.set(multihash, PUBLIC_KEY_PREFIX.byteLength)

    const publicKey = publicKeyFromProtobuf(await this.contentRouting.get(name, options))

    if (!peer.equals(publicKey.toMultihash().bytes)) {
      throw new InvalidPublicKeyError(`The network has another public key for peer ${peer.toString()}`)
    }

    await this.peerStore.patch(peer, { publicKey }, options)

    return publicKey
  }
}

function toArray<T> (value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value]
}
