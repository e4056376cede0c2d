import type { Clock } from '../../base/index.ts'
import type { CloseReason, Connection } from '../contract/connection.ts'
import type { Direction, Stream } from '../contract/stream.ts'
import type { ConnectionSettings } from '../options.ts'
import type { ProtocolRegistry, ReadBudget, SwarmStream } from '../stream/index.ts'
import type { Logger, Metrics, PeerId, Stream as RawStream } from '@libp2p/interface'

/** How one protocol is served. */
export interface ProtocolEntry {
  /** Takes a negotiated inbound stream. When it throws or rejects, the stream is reset. */
  serve(stream: SwarmStream): void | Promise<void>
  /** On one connection; undefined is what the swarm allows each protocol. */
  maxInboundStreams: number | undefined
  maxOutboundStreams: number
  /** Whether limited connections are served. */
  limited: boolean
}

/** Where a connection asks before it takes a stream; the limits room implements it. */
export interface StreamGate {
  admit(direction: Direction): Disposable
  admitProtocol(direction: Direction, protocol: string, max: number): Disposable
}

/** What all connections of a swarm share. */
export interface ConnectionComponents {
  readonly localPeer: PeerId
  readonly clock: Clock
  readonly settings: ConnectionSettings
  readonly registry: ProtocolRegistry<ProtocolEntry>
  readonly budget: ReadBudget
  readonly metrics: Metrics | undefined
  readonly log: Logger
  /** Inbound streams of one protocol on one connection, where its handler does not say. */
  readonly maxInboundStreamsPerProtocol: number
  streamGate(): StreamGate
  /** Takes inbound streams before negotiation, if somebody asked for that. */
  rawStreamHandler(): ((stream: Stream) => void | Promise<void>) | undefined
  /** Whether this peer is known to speak the protocol; must not do I/O. */
  knowsProtocol(peer: PeerId, protocol: string): boolean
  learnProtocol(peer: PeerId, protocol: string): void
  forgetProtocol(peer: PeerId, protocol: string): void
  countBytes(connection: Connection, stream: SwarmStream, direction: 'read' | 'written', bytes: number): void
  streamOpened(stream: SwarmStream, raw: RawStream): void
  streamClosed(stream: SwarmStream): void
  connectionClosed(connection: Connection, reason: CloseReason): void
  reportError(during: string, error: Error, connection?: Connection): void
}
