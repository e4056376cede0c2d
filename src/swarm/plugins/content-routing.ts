import { BoundedMap, CodedError } from '../../base/index.ts'
import { firstOf, tellAll } from './first-of.ts'
import { mergeSources } from './merge-sources.ts'
import type { PluginHost } from './host.ts'
import type { ContentRouting, Logger, Provider, RoutingOptions } from '@libp2p/interface'

type Cid = Parameters<ContentRouting['provide']>[0]

/** Providers of one key that a search remembers having given. */
const MAX_SEEN_PROVIDERS = 4096

/** Asks every service that knows where content is, all at once. */
export class PluginContentRouting implements ContentRouting {
  readonly #host: Pick<PluginHost, 'peerStore'>
  readonly #log: Logger
  readonly #routers: Array<Partial<ContentRouting>> = []

  constructor (host: Pick<PluginHost, 'peerStore' | 'logger'>) {
    this.#host = host
    this.#log = host.logger.forComponent('swarmd:plugins:content-routing')
  }

  get [Symbol.toStringTag] (): string {
    return '@libp2p/content-routing'
  }

  add (router: Partial<ContentRouting>): void {
    this.#routers.push(router)
  }

  /** Resolves when one router at least took it. @throws CodedError NoContentRouters, AggregateError */
  async provide (cid: Cid, options?: RoutingOptions): Promise<void> {
    await tellAll(this.#having('provide'), async (provide) => { await provide(cid, options) }, this.#onError)
  }

  async cancelReprovide (cid: Cid, options?: RoutingOptions): Promise<void> {
    await tellAll(this.#having('cancelReprovide'), async (cancel) => { await cancel(cid, options) }, this.#onError)
  }

  async put (key: Uint8Array, value: Uint8Array, options?: RoutingOptions): Promise<void> {
    await tellAll(this.#having('put'), async (put) => { await put(key, value, options) }, this.#onError)
  }

  /** The first answer. @throws CodedError NoContentRouters, AggregateError when nobody has the value */
  async get (key: Uint8Array, options: RoutingOptions = {}): Promise<Uint8Array> {
    return firstOf(this.#having('get'), async (get, signal) => get(key, { ...options, signal }), options.signal)
  }

  /** Each provider once, as the routers find them. */
  async * findProviders (cid: Cid, options: RoutingOptions = {}): AsyncGenerator<Provider, void, undefined> {
    const seen = new BoundedMap<true>(MAX_SEEN_PROVIDERS)
    const sources = this.#having('findProviders').map((findProviders) => findProviders(cid, options))

    for await (const provider of mergeSources(sources, this.#onError)) {
      const id = provider.id.toString()

      if (provider.multiaddrs.length > 0) {
        await this.#host.peerStore.merge(provider.id, { multiaddrs: provider.multiaddrs }, options.signal == null ? {} : { signal: options.signal })
      }

      if (!seen.has(id)) {
        seen.set(id, true)
        yield provider
      }
    }
  }

  readonly #onError = (error: unknown): void => {
    this.#log('content router failed - %e', error)
  }

  #having<Name extends keyof ContentRouting> (name: Name): Array<ContentRouting[Name]> {
    const methods = this.#routers.flatMap((router) => {
      const method = router[name] as ((...args: never[]) => unknown) | undefined

      return method == null ? [] : [method.bind(router) as ContentRouting[Name]]
    })

    if (methods.length === 0) {
      throw new CodedError('NoContentRouters', `no service of this swarm can ${name}: add one that routes content, as a DHT does`)
    }

    return methods
  }
}
