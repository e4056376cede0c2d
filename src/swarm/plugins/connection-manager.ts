import { InvalidParametersError } from '@libp2p/interface'
import { peerMap } from '@libp2p/peer-collections'
import { isRelayed } from '../dial/index.ts'
import { parseDialTarget } from './dial-target.ts'
import { tellProgress } from './progress.ts'
import type { PluginTarget } from './dial-target.ts'
import type { PluginHost } from './host.ts'
import type { ProgressOptions } from './progress.ts'
import type { Views } from './views.ts'
import type { SwarmConnection } from '../connection/index.ts'
import type { AbortOptions, Connection, DialTarget, IsDialableOptions, MultiaddrConnection, NewStreamOptions, PeerId, PendingDial, Stream } from '@libp2p/interface'
import type { ConnectionManager, OpenConnectionOptions } from '@libp2p/interface-internal'
import type { PeerMap } from '@libp2p/peer-collections'
import type { Multiaddr } from '@multiformats/multiaddr'

export type ConnectionManagerHost = Pick<PluginHost, 'connections' | 'dial' | 'closePeer' | 'pendingDials' | 'isDialable' | 'maxConnections' | 'setMaxConnections'>

/** The swarm as js-libp2p's connection manager. */
export class PluginConnectionManager implements ConnectionManager {
  readonly #host: ConnectionManagerHost
  readonly #views: Views

  constructor (host: ConnectionManagerHost, views: Views) {
    this.#host = host
    this.#views = views
  }

  get [Symbol.toStringTag] (): string {
    return '@libp2p/connection-manager'
  }

  getConnections (peer?: PeerId): Connection[] {
    return this.#host.connections(peer).map((connection) => this.#views.connection(connection))
  }

  getConnectionsMap (): PeerMap<Connection[]> {
    const map = peerMap<Connection[]>()

    for (const connection of this.getConnections()) {
      map.set(connection.remotePeer, [...map.get(connection.remotePeer) ?? [], connection])
    }

    return map
  }

  getMaxConnections (): number {
    return this.#host.maxConnections()
  }

  setMaxConnections (max: number): void {
    if (!(max >= 1)) {
      throw new InvalidParametersError(`maxConnections must be 1 or more, received ${max}`)
    }

    this.#host.setMaxConnections(max)
  }

  /** An open connection is taken before any address is looked up, as relays are reached by peer ID only. */
  async openConnection (target: DialTarget, options: OpenConnectionOptions = {}): Promise<Connection> {
    options.signal?.throwIfAborted()
    tellProgress(options, 'connection:open', target)

    const connection = await this.#connectionTo(target, options)
    const view = this.#views.connection(connection)

    tellProgress(options, 'connection:opened', view)

    return view
  }

  async openStream (target: DialTarget, protocol: string | string[], options: OpenConnectionOptions & NewStreamOptions = {}): Promise<Stream> {
    const connection = await this.openConnection(target, options)

    return connection.newStream(protocol, options)
  }

  async closeConnections (peer: PeerId, options: AbortOptions = {}): Promise<void> {
    await this.#host.closePeer(peer, options)
  }

  /** The upgrader asks our limits by itself; who asks here wants to know whether there is room. */
  acceptIncomingConnection (_maConn: MultiaddrConnection): boolean {
    return this.#host.connections().length < this.#host.maxConnections()
  }

  afterUpgradeInbound (): void {}

  getDialQueue (): PendingDial[] {
    return this.#host.pendingDials()
  }

  async isDialable (addresses: Multiaddr | Multiaddr[], options: IsDialableOptions = {}): Promise<boolean> {
    return this.#host.isDialable(Array.isArray(addresses) ? addresses : [addresses], options)
  }

  async #connectionTo (target: DialTarget, options: OpenConnectionOptions & ProgressOptions): Promise<SwarmConnection> {
    const { force = false, initiator = true, signal } = options
    const existing = force ? undefined : this.#existing(parseDialTarget(target))

    if (existing != null) {
      tellProgress(options, 'dial-queue:already-connected')

      return existing
    }

    return this.#host.dial(target, { signal, fresh: force, initiator })
  }

  /** A limited connection does not count, nor one over a relay when the target could be reached directly. */
  #existing ({ peer, addresses }: PluginTarget): SwarmConnection | undefined {
    if (peer == null) {
      return undefined
    }

    return this.#host.connections(peer).find(({ status, limits, direct }) => {
      return status === 'open' && limits == null && (direct || addresses.every(isRelayed))
    })
  }
}
