/**
 * The Swarm: dials peers by ID, listens, and keeps the connections and streams between them.
 *
 * ```
 *   SwarmNode (what users hold) -> SwarmCore (how the parts hold together)
 *       dial/  ->  connection/  ->  stream/  ->  limits/       listen/  ->  connection/
 *       plugins/: unmodified js-libp2p services and transports over the same core
 * ```
 *
 * `contract/` says what it promises; `options.ts` has every default, `constants.ts` what specifications
 * fix. Read `create-swarm.ts` first, then `swarm-node.ts`, then `swarm-core.ts`, then the room that you
 * came for.
 */
export { createSwarm } from './create-swarm.ts'
export { asLibp2p } from './as-libp2p.ts'
export { AddressError, DialError, noDelayRanker, rankAddresses } from './dial/index.ts'
export { ListenError } from './listen/index.ts'
export { ResourceLimitError } from './limits/index.ts'
export { noise } from '../noise/index.ts'
export { tcp } from '../tcp/index.ts'
export { tls } from '../tls/index.ts'
export { yamux } from '../yamux/index.ts'
export { CONNECTION_DEFAULTS, DIAL_DEFAULTS, LIMIT_DEFAULTS } from './options.ts'
export type { BackoffView, CallOptions, CloseOptions, CloseReason, Connection, Connectedness, ConnectionLimits, ConnectionStat, ConnectionStatus, DialOptions, DialTarget, Direction, HandleOptions, LimitedPolicy, ListenFailure, NewStreamOptions, Notifiee, Stream, StreamHandler, StreamStat, Swarm, SwarmBandwidth, SwarmErrorDetail, SwarmEvents, SwarmNewStreamOptions, SwarmStat } from './contract/index.ts'
export type { DialRanker, RankedAddress } from './dial/index.ts'
export type { ConnectionOptionsInit, DialOptionsInit, LimitOptionsInit } from './options.ts'
export type { NoiseInit } from '../noise/index.ts'
export type { TcpInit } from '../tcp/index.ts'
export type { TlsInit } from '../tls/index.ts'
export type { YamuxInit } from '../yamux/index.ts'
export type { PluginFactory, ServiceFactories, SwarmInit } from './swarm-init.ts'
