import { CodedError } from '../../base/index.ts'
import type { PluginHost } from './host.ts'
import type { ComponentLogger, ConnectionGater, ConnectionProtector, ContentRouting, Libp2pEvents, Metrics, NodeInfo, PeerId, PeerRouting, PeerStore, PrivateKey, TypedEventTarget, Upgrader } from '@libp2p/interface'
import type { AddressManager, ConnectionManager, RandomWalk, Registrar, TransportManager } from '@libp2p/interface-internal'
import type { DNS } from '@multiformats/dns'
import type { Datastore } from 'interface-datastore'

/** What our room adds to the host, to make all that js-libp2p's plugins take. */
export interface ComponentParts {
  upgrader: Upgrader
  registrar: Registrar
  connectionManager: ConnectionManager
  transportManager: TransportManager
  addressManager: AddressManager
  randomWalk: RandomWalk
  peerRouting: PeerRouting
  contentRouting: ContentRouting
}

/** What js-libp2p's plugins are given: every component by its name, and every service by its. */
export interface PluginComponents extends ComponentParts {
  readonly peerId: PeerId
  readonly privateKey: PrivateKey
  readonly nodeInfo: NodeInfo
  readonly logger: ComponentLogger
  readonly events: TypedEventTarget<Libp2pEvents>
  readonly peerStore: PeerStore
  readonly datastore: Datastore
  readonly connectionGater: ConnectionGater
  readonly connectionProtector?: ConnectionProtector
  readonly metrics?: Metrics
  readonly dns?: DNS
  readonly [service: string]: unknown
}

const FROM_HOST = ['peerId', 'privateKey', 'nodeInfo', 'logger', 'events', 'peerStore', 'datastore', 'connectionGater', 'connectionProtector', 'metrics', 'dns'] as const

const PART_NAMES: ReadonlySet<string> = new Set(['upgrader', 'registrar', 'connectionManager', 'transportManager', 'addressManager', 'randomWalk', 'peerRouting', 'contentRouting'] satisfies Array<keyof ComponentParts>)

/** May be missing; `then` is asked for by whoever awaits the object. */
const OPTIONAL: ReadonlySet<string> = new Set(['connectionProtector', 'metrics', 'dns', 'keychain', 'then', 'toJSON'])

/**
 * One live object: plugins look things up when they use them, so the order in which parts come into
 * being does not matter. Asking for a part that is not there throws MissingService.
 */
export function createComponents (host: Pick<PluginHost, typeof FROM_HOST[number]>, parts: ComponentParts, services: Readonly<Record<string, unknown>>): PluginComponents {
  const find = (name: string): unknown => {
    if (Object.hasOwn(parts, name)) {
      return parts[name as keyof ComponentParts]
    }

    if (isFromHost(name)) {
      return host[name]
    }

    return Object.hasOwn(services, name) ? services[name] : undefined
  }

  return new Proxy({} as PluginComponents, {
    get (_target, name) {
      const value = typeof name === 'string' ? find(name) : undefined

      if (value == null && typeof name === 'string' && !OPTIONAL.has(name)) {
        throw new CodedError('MissingService', `a plugin asks for "${name}", and this swarm has none: add a service of that name to { services }`)
      }

      return value
    },
    has: (_target, name) => typeof name === 'string' && find(name) != null,
    set (_target, name) {
      throw new TypeError(`components are read only, received ${String(name)}`)
    }
  })
}

/** Whether a service of this name would hide a component. */
export function isComponentName (name: string): boolean {
  return isFromHost(name) || PART_NAMES.has(name)
}

function isFromHost (name: string): name is typeof FROM_HOST[number] {
  return (FROM_HOST as readonly string[]).includes(name)
}
