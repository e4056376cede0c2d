/**
 * What unmodified js-libp2p plugins expect, as views over our own core.
 *
 * ```
 * swarm -- PluginHost --> PluginServices -- components --> identify, kad-dht, gossipsub, relays ...
 *       <-- EventBridge (connections, listeners, protocols) as js-libp2p's events --
 * SwarmConnection, SwarmStream <== Views ==> PluginConnection, PluginStream
 * ```
 *
 * Nothing here decides whom to dial or what to keep: every component asks the host. Read `host` first
 * (what is needed of the swarm), then `plugin-services` (what there is), then `plugin-stream` (how the
 * pushing streams of js-libp2p lie over our waiting ones).
 */
export { MAX_OBSERVED_ADDRESSES, MAX_VERDICTS, PluginAddressManager, VERIFICATION_RETRY_MS, VERIFICATION_TTL_MS } from './address-manager.ts'
export { MAX_PENDING_DISCOVERIES } from './peer-discovery.ts'
export { MAX_UNSENT_BYTES, PluginStream } from './plugin-stream.ts'
export { PluginConnection } from './plugin-connection.ts'
export { PluginServices } from './plugin-services.ts'
export { SERVICE_STOP_TIMEOUT_MS } from './lifecycle.ts'
export { Views } from './views.ts'
export type { PluginComponents } from './components.ts'
export type { PluginDialOptions, PluginHost, PluginObserver } from './host.ts'
export type { PluginFactories } from './plugin-services.ts'
