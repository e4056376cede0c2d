/**
 * What a swarm listens on: which listeners there are, what they are bound to, and under which
 * addresses others may dial them. Not how an inbound connection is upgraded, nor which are admitted.
 *
 * ```
 * listen(addresses) -> transport.createListener -> ManagedListener -> onListen, onListenClose
 *                                                       |
 * addresses()  /ip4/0.0.0.0/tcp/4001  <- boundAddresses +
 * expand()     /ip4/127.0.0.1/tcp/4001, /ip4/192.0.2.7/tcp/4001, ...
 * ```
 *
 * Listeners are plugins that were written by others: each wait has an end, what they throw becomes
 * an error with the address in it, and what begins too late is closed. Read `listener-set` first,
 * then `managed-listener`; `bound-addresses` and `listen-order` are pure.
 */
export { ListenerSet } from './listener-set.ts'
export { expandUnspecified, INTERFACE_CACHE_MS, InterfaceAddresses } from './interface-addresses.ts'
export { ListenError } from './listen-error.ts'
export { LISTEN_TIMEOUT_MS, LISTENER_CLOSE_TIMEOUT_MS } from './managed-listener.ts'
export type { ListenerSetInit, ListenResult } from './listener-set.ts'
export type { ListenFailure } from './listen-error.ts'
export type { NetworkInterfaces } from './interface-addresses.ts'
export type { OrderedTransport } from './listen-order.ts'
