/**
 * A swarm: dial peers by ID over real networks, with streams that never hang, leak or lose data.
 *
 * Start with `createSwarm`.
 */
export { createSwarm } from './swarm/index.ts'
export { asLibp2p } from './swarm/index.ts'
export { generateIdentity, loadIdentity, loadOrCreateIdentity, parsePeerId, saveIdentity } from './identity/index.ts'
export { AddressError, DialError, ListenError, ResourceLimitError } from './swarm/index.ts'
export { CodedError, ERROR_CODES, isCoded, VERSION } from './base/index.ts'
export type { Identity, IdentityType } from './identity/index.ts'
export type { CallOptions, CloseOptions, CloseReason, Connection, Connectedness, ConnectionStat, DialOptions, DialTarget, Direction, HandleOptions, LimitedPolicy, ListenFailure, NewStreamOptions, Notifiee, Stream, StreamHandler, StreamStat, Swarm, SwarmBandwidth, SwarmErrorDetail, SwarmEvents, SwarmInit, SwarmNewStreamOptions, SwarmStat } from './swarm/index.ts'
export type { Coded, ErrorCode } from './base/index.ts'

// What follows is for those who extend a swarm: rankers, clocks, plugins.
export { CONNECTION_DEFAULTS, DIAL_DEFAULTS, LIMIT_DEFAULTS, noDelayRanker, noise, rankAddresses, tcp, tls, yamux } from './swarm/index.ts'
export { systemClock } from './base/index.ts'
export type { BackoffView, ConnectionOptionsInit, DialOptionsInit, DialRanker, LimitOptionsInit, NoiseInit, PluginFactory, RankedAddress, ServiceFactories, TcpInit, TlsInit, YamuxInit } from './swarm/index.ts'
export type { Clock, Random, Timer, TimerOptions } from './base/index.ts'
