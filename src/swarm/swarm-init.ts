import type { Clock, Random } from '../base/index.ts'
import type { Identity } from '../identity/index.ts'
import type { DialRanker } from './dial/index.ts'
import type { ConnectionOptionsInit, DialOptionsInit, LimitOptionsInit } from './options.ts'
import type { ComponentLogger, ConnectionEncrypter, ConnectionGater, ConnectionProtector, Metrics, ServiceMap, StreamMuxerFactory, Transport } from '@libp2p/interface'
import type { DNS } from '@multiformats/dns'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Datastore } from 'interface-datastore'

/**
 * A js-libp2p plugin factory, as `tcp()` or `identify()` returns one. It is called with the live
 * components of the swarm; their type is that of the plugin, so any will do here.
 */
export type PluginFactory<T> = (components: never) => T

export type ServiceFactories<Services extends ServiceMap> = { [Name in keyof Services]: PluginFactory<Services[Name]> }

/** What a swarm is made of. Everything has a default. */
export interface SwarmInit<Services extends ServiceMap = ServiceMap> {
  /** Who we are. By default a new Ed25519 identity, which lives as long as the process. */
  identity?: Identity | undefined
  /** Listened on before `createSwarm` resolves; it rejects when none of them works. */
  listen?: Array<Multiaddr | string> | undefined
  /** Told to peers in place of the addresses that we listen on. */
  announce?: Array<Multiaddr | string> | undefined
  /** By default TCP, WebSocket and memory. */
  transports?: Array<PluginFactory<Transport>> | undefined
  /** In order of preference; by default Noise, then TLS. */
  connectionEncrypters?: Array<PluginFactory<ConnectionEncrypter>> | undefined
  /** In order of preference; by default yamux. */
  streamMuxers?: Array<PluginFactory<StreamMuxerFactory>> | undefined
  /** A pre-shared key network: `preSharedKey({ psk })` of @libp2p/pnet. */
  connectionProtector?: PluginFactory<ConnectionProtector> | undefined
  /** js-libp2p services by name: identify, ping, kad-dht, gossipsub and others, unmodified. */
  services?: ServiceFactories<Services> | undefined
  /** Where the peerstore keeps its records; the caller opens and closes it. In memory by default. */
  datastore?: Datastore | undefined
  connectionGater?: ConnectionGater | undefined
  metrics?: PluginFactory<Metrics> | undefined
  logger?: ComponentLogger | undefined
  /** Resolves names; by default by the system's servers, and DNS over HTTPS for dnsaddr. */
  dns?: DNS | undefined
  dial?: DialOptionsInit & { ranker?: DialRanker | undefined } | undefined
  limits?: LimitOptionsInit | undefined
  connection?: ConnectionOptionsInit | undefined
  clock?: Clock | undefined
  random?: Random | undefined
}
