/**
 * Connections: from a socket that a transport made to a peer with streams.
 *
 * ```
 * socket -> ConnectionUpgrader                          -> SwarmConnection
 *           (gate, protect, encrypt, gate, mux, gate)      StreamTable: opens and serves its streams
 *                                                          KeepAlive: finds peers that vanished
 * ```
 *
 * `preference.ts` says which of several connections to one peer is the one. Nothing here dials or
 * listens. Read `upgrader.ts` first, then `swarm-connection.ts`, then `stream-table.ts`.
 */
export { ConnectionSet } from './connection-set.ts'
export { ConnectionUpgrader } from './upgrader.ts'
export { KeepAlive } from './keep-alive.ts'
export { SwarmConnection } from './swarm-connection.ts'
export { UpgradeError } from './upgrade-error.ts'
export { closeError } from './close-reason.ts'
export { compareConnections, supplanted } from './preference.ts'
export type { ConnectionComponents, ProtocolEntry, StreamGate } from './components.ts'
export type { ConnectionGate, UpgradeOptions } from './upgrader.ts'
export type { Preferable } from './preference.ts'
export type { UpgradePhase } from './upgrade-error.ts'
