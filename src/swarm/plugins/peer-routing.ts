import { InvalidParametersError, NotFoundError } from '@libp2p/interface'
import { BoundedMap, CodedError } from '../../base/index.ts'
import { firstOf } from './first-of.ts'
import { mergeSources } from './merge-sources.ts'
import type { PluginHost } from './host.ts'
import type { Logger, PeerId, PeerInfo, PeerRouting, RoutingOptions } from '@libp2p/interface'

/** Peers that one walk towards a key remembers having given. */
const MAX_SEEN_PEERS = 4096

/** Asks every service that finds peers, all at once. */
export class PluginPeerRouting implements PeerRouting {
  readonly #host: Pick<PluginHost, 'peerId' | 'peerStore'>
  readonly #log: Logger
  readonly #routers: Array<Partial<PeerRouting>> = []

  constructor (host: Pick<PluginHost, 'peerId' | 'peerStore' | 'logger'>) {
    this.#host = host
    this.#log = host.logger.forComponent('swarmd:plugins:peer-routing')
  }

  get [Symbol.toStringTag] (): string {
    return '@libp2p/peer-routing'
  }

  /** Whether there is somebody to ask. */
  get hasRouters (): boolean {
    return this.#routers.length > 0
  }

  add (router: Partial<PeerRouting>): void {
    this.#routers.push(router)
  }

  /**
   * The first answer with addresses; the peer store remembers them.
   *
   * @throws CodedError NoPeerRouters, NotFoundError, or the signal's reason
   */
  async findPeer (id: PeerId, options: RoutingOptions = {}): Promise<PeerInfo> {
    if (id.equals(this.#host.peerId)) {
      throw new InvalidParametersError('A peer is not looked for by itself')
    }

    try {
      const info = await firstOf(this.#having('findPeer'), async (find, signal) => find(id, { ...options, signal }), options.signal)

      await this.#remember(info, options)

      return info
    } catch (thrown) {
      if (!(thrown instanceof AggregateError)) {
        throw thrown
      }

      throw Object.assign(new NotFoundError(`No router knows peer ${id.toString()}`), { cause: thrown })
    }
  }

  /** Each peer once, as the routers find them. */
  async * getClosestPeers (key: Uint8Array, options: RoutingOptions = {}): AsyncGenerator<PeerInfo, void, undefined> {
    const seen = new BoundedMap<true>(MAX_SEEN_PEERS)
    const sources = this.#having('getClosestPeers').map((getClosestPeers) => getClosestPeers(key, options))

    for await (const found of mergeSources(sources, (error) => { this.#log('router failed to find closest peers - %e', error) })) {
      const id = found.id.toString()

      if (seen.has(id)) {
        continue
      }

      const info = await this.#withAddresses(found, options)

      if (info != null) {
        seen.set(id, true)
        await this.#remember(info, options)
        yield info
      }
    }
  }

  #having<Name extends keyof PeerRouting> (name: Name): Array<PeerRouting[Name]> {
    const methods = this.#routers.flatMap((router) => {
      const method = router[name]

      return method == null ? [] : [method.bind(router) as PeerRouting[Name]]
    })

    if (methods.length === 0) {
      throw new CodedError('NoPeerRouters', `no service of this swarm can ${name}: add one that routes peers, as a DHT does`)
    }

    return methods
  }

  async #withAddresses (info: PeerInfo, options: RoutingOptions): Promise<PeerInfo | undefined> {
    if (info.multiaddrs.length > 0 || info.id.equals(this.#host.peerId)) {
      return info
    }

    try {
      return await this.findPeer(info.id, { ...options, useCache: false })
    } catch (error) {
      this.#log('no addresses of %p - %e', info.id, error)
      options.signal?.throwIfAborted()

      return undefined
    }
  }

  async #remember ({ id, multiaddrs }: PeerInfo, { signal }: RoutingOptions): Promise<void> {
    if (multiaddrs.length > 0 && !id.equals(this.#host.peerId)) {
      await this.#host.peerStore.merge(id, { multiaddrs }, signal == null ? {} : { signal })
    }
  }
}
