import type { Connection, LimitedPolicy, NewStreamOptions } from './connection.ts'
import type { Connectedness, Notifiee, SwarmEvents } from './events.ts'
import type { CallOptions, Stream, StreamHandler } from './stream.ts'
import type { PeerId, PeerStore, ServiceMap, Transport, TypedEventTarget } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/**
 * A peer ID, an address, several addresses of one peer, or the text of either. Of a peer ID the known
 * addresses are dialled; where addresses are given, these and no others.
 */
export type DialTarget = PeerId | Multiaddr | Multiaddr[] | string | string[]

export interface DialOptions extends CallOptions {
  /** Dials addresses that are in backoff, or thought to be black holes, too. @default false */
  force?: boolean
  /** Takes neither a relayed connection nor a relayed address. @default false */
  forceDirect?: boolean
  /** Over limited connections. @default 'allow' */
  limited?: LimitedPolicy
  /** For the whole dial. @default dial.peerTimeoutMs */
  timeoutMs?: number
}

export interface SwarmNewStreamOptions extends NewStreamOptions, Pick<DialOptions, 'force' | 'forceDirect' | 'timeoutMs'> {
  /** Fails with NoConnection instead of dialling. @default false */
  noDial?: boolean
}

export interface HandleOptions {
  /** Inbound streams of this protocol on one connection. @default limits.maxInboundStreamsPerProtocol */
  maxInboundStreams?: number
  /** Outbound streams of this protocol on one connection. @default Infinity */
  maxOutboundStreams?: number
  /** Whether limited (relayed) connections are served too. @default false */
  limited?: boolean
  /** Takes the place of a handler that is there, instead of failing with DuplicateHandler. @default false */
  force?: boolean
}

/** What a swarm remembers of failed dials. */
export interface BackoffView {
  /** The time before which this address is not dialled, in ms since the Unix epoch; undefined if it may be. */
  retryAt(peer: PeerId | string, address: Multiaddr | string): number | undefined
  /** Whether this address is not dialled now. */
  blocked(peer: PeerId | string, address: Multiaddr | string): boolean
  /** Forgets all failures of a peer. */
  clear(peer: PeerId | string): void
}

export interface CloseOptions extends CallOptions {
  /** For the graceful part; what is open then is aborted. @default connection.closeTimeoutMs */
  timeoutMs?: number
}

export interface SwarmStat {
  connections: { inbound: number, outbound: number }
  streams: { inbound: number, outbound: number }
  dials: { active: number, waiting: number }
  bytes: { read: number, written: number, buffered: number }
}

export interface ByteCount {
  read: number
  written: number
}

/** Bytes of streams since the swarm was made. */
export interface SwarmBandwidth {
  total: ByteCount
  protocols: ReadonlyMap<string, Readonly<ByteCount>>
  /** Of peers that are connected. */
  peers: ReadonlyMap<string, Readonly<ByteCount>>
}

/** An address that could not be listened on. */
export interface ListenFailure {
  address: Multiaddr
  /** In plain words, as 'address already in use (EADDRINUSE)'. */
  why: string
  error: Error
}

/** One node: its identity, listeners, connections, and what it serves. */
export interface Swarm<Services extends ServiceMap = ServiceMap> extends AsyncDisposable, TypedEventTarget<SwarmEvents> {
  readonly peerId: PeerId
  readonly peerStore: PeerStore
  readonly backoff: BackoffView
  /** By the names under which they were configured. */
  readonly services: Readonly<Services>

  /**
   * Resolves with the addresses now listened on, if at least one of those given works; which did not,
   * and why, is then in `listenFailures`.
   *
   * @throws ListenError when none works
   */
  listen(...addresses: Array<Multiaddr | string>): Promise<Multiaddr[]>
  addListenAddress(address: Multiaddr | string): Promise<Multiaddr[]>
  /**
   * Listens there no longer. Connections that came that way live on.
   *
   * @throws CodedError ListenFailed when nothing listens there
   */
  removeListenAddress(address: Multiaddr | string): Promise<void>
  /** Addresses that could not be listened on when that was last tried, while others could. */
  listenFailures(): ListenFailure[]
  /** As bound: with real ports, and unspecified hosts as they are. */
  listenAddresses(): Multiaddr[]
  /** As dialled: unspecified hosts replaced by those of the interfaces, and ending in /p2p. */
  interfaceListenAddresses(): Multiaddr[]

  addTransport(factory: (components: never) => Transport): void
  transportForDialing(address: Multiaddr | string): Transport | undefined
  transportForListening(address: Multiaddr | string): Transport | undefined

  dial(target: DialTarget, options?: DialOptions): Promise<Connection>
  newStream(target: DialTarget, protocols: string | string[], options?: SwarmNewStreamOptions): Promise<Stream>

  handle(protocol: string | string[], handler: StreamHandler, options?: HandleOptions): void
  unhandle(protocol: string | string[]): void
  protocols(): string[]
  /** Takes inbound streams before negotiation; null returns them to the handlers. */
  setStreamHandler(handler: StreamHandler | null): void

  connections(peer?: PeerId | string): Connection[]
  peers(): PeerId[]
  connectedness(peer: PeerId | string): Connectedness
  /** Keeps the connections of this peer from being trimmed until `unprotect` with the same tag. */
  protect(peer: PeerId | string, tag: string): void
  /** Whether other tags still protect the peer. */
  unprotect(peer: PeerId | string, tag: string): boolean
  closePeer(peer: PeerId | string, options?: CloseOptions): Promise<void>
  close(options?: CloseOptions): Promise<void>

  notify(notifiee: Notifiee): void
  stopNotify(notifiee: Notifiee): void
  stat(): SwarmStat
  bandwidth(): SwarmBandwidth
}
