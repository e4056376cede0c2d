import type { CallOptions, Direction, Stream } from './stream.ts'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Why a connection ended. */
export interface CloseReason {
  code:
    | 'closed' // somebody called `close`
    | 'aborted' // somebody called `abort`
    | 'lost' // the network or the other process went away
    | 'keepAlive' // the peer no longer answered
    | 'supplanted' // another connection to the same peer took its place
    | 'trimmed' // there were too many connections
    | 'gated' // the gater refused it
    | 'limited' // a resource limit refused it
    | 'protocol' // the peer broke the rules of the protocol
    | 'shutdown' // the swarm closed
  by: 'local' | 'remote'
  error?: Error
}

export type ConnectionStatus = 'open' | 'closing' | 'closed'

/** Bounds that a relay puts on a connection. */
export interface ConnectionLimits {
  bytes?: bigint
  seconds?: number
}

/**
 * What to do when the peer is reached over a limited (relayed) connection only: refuse with
 * LimitedConnection, use it, or wait for a direct one.
 */
export type LimitedPolicy = 'deny' | 'allow' | 'wait'

export interface NewStreamOptions extends CallOptions {
  /** Over limited connections. Defaults to 'wait' on a swarm and to 'deny' on a connection. */
  limited?: LimitedPolicy
  /**
   * 'full' waits for the peer's answer, 'lazy' sends the first bytes with the question and reads the
   * answer with the first read. By default lazy only for one protocol that this peer is known to speak.
   */
  negotiate?: 'full' | 'lazy'
}

export interface ConnectionStat {
  direction: Direction
  /** Milliseconds since the Unix epoch. */
  openedAt: number
  status: ConnectionStatus
  streams: number
  bytesRead: number
  bytesWritten: number
}

/** An encrypted, authenticated and multiplexed connection to one peer. */
export interface Connection {
  readonly id: string
  readonly remotePeer: PeerId
  readonly remoteAddr: Multiaddr
  readonly localPeer: PeerId
  readonly localAddr: Multiaddr | undefined
  readonly direction: Direction
  readonly status: ConnectionStatus
  readonly limits: ConnectionLimits | undefined
  /** Whether no other peer stands between: false for circuits through a relay. */
  readonly direct: boolean
  readonly encryption: string | undefined
  readonly multiplexer: string
  readonly streams: readonly Stream[]
  /** Resolves when the connection has ended. */
  readonly closed: Promise<CloseReason>
  /** Aborts when the connection has ended. */
  readonly signal: AbortSignal

  newStream(protocols: string | string[], options?: NewStreamOptions): Promise<Stream>
  /** Lets open streams finish their writes, tells the peer, and closes. */
  close(options?: CallOptions): Promise<void>
  /** Ends the connection and all its streams now. */
  abort(reason?: Error): void
  stat(): ConnectionStat
}
