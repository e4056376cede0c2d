import type { CloseReason, Connection } from './connection.ts'
import type { Stream } from './stream.ts'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** How we stand with a peer: 'limited' is over a relay that bounds time or bytes. */
export type Connectedness = 'connected' | 'limited' | 'notConnected'

/**
 * What a swarm tells its subscribers. Every connection gives exactly one `connected` and, after
 * that, one `disconnected`. Handlers may close, dial, subscribe and unsubscribe. A handler that
 * throws or rejects is reported as an `error` event; a slow one holds back only the connection that
 * it was told about, and that only for `notifyTimeoutMs`.
 */
export interface Notifiee {
  /** Completes before `dial` resolves, and before the first inbound stream of the connection. */
  connected?(connection: Connection): void | Promise<void>
  disconnected?(connection: Connection, reason: CloseReason): void | Promise<void>
  openedStream?(stream: Stream): void
  closedStream?(stream: Stream): void
  listen?(address: Multiaddr): void
  /** With the error if the listener died by itself. */
  listenClose?(address: Multiaddr, error?: Error): void
}

export interface SwarmErrorDetail {
  /** What was going on, as 'stream handler /echo/1.0.0'. */
  during: string
  error: Error
  connection?: Connection
}

/** The same facts as typed events, and some that concern no single connection. */
export interface SwarmEvents {
  connected: CustomEvent<Connection>
  disconnected: CustomEvent<{ connection: Connection, reason: CloseReason }>
  openedStream: CustomEvent<Stream>
  closedStream: CustomEvent<Stream>
  listen: CustomEvent<Multiaddr>
  listenClose: CustomEvent<{ address: Multiaddr, error?: Error }>
  /** Once a change, never twice the same for a peer. */
  connectedness: CustomEvent<{ peer: PeerId, connectedness: Connectedness }>
  /** A connection closed to keep within the limits, with what spoke against it. */
  trimmed: CustomEvent<{ connection: Connection, why: string }>
  /** What went wrong where nobody waits for an answer: a handler threw, a peer was refused. */
  error: CustomEvent<SwarmErrorDetail>
}
