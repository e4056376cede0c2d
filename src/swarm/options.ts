/** How peers are dialled. All times in milliseconds. */
export interface DialOptionsInit {
  /** Dials in progress that use a file descriptor. @default 160 */
  maxFdDials?: number
  /** Dials in progress to one peer. @default 8 */
  maxDialsPerPeer?: number
  /** Addresses of one peer that one dial tries, the best ranked first. @default 100 */
  maxAddressesPerPeer?: number
  /** Callers waiting for a dial in progress, over all peers. @default 4096 */
  maxWaiters?: number
  /** Times `newStream` dials before it gives up. @default 1 */
  dialAttempts?: number
  /** For one address, from the moment its dial starts. @default 15000 */
  addressTimeoutMs?: number
  /** For one address in a private or loopback range. @default 5000 */
  localAddressTimeoutMs?: number
  /** For a whole dial, from the moment its first address is tried. @default 60000 */
  peerTimeoutMs?: number
  /** For turning names into addresses. @default 10000 */
  resolveTimeoutMs?: number
  /** The wait after the first failure of an address. @default 5000 */
  backoffBaseMs?: number
  /** Multiplied by the square of the number of failures, and added to the base. @default 1000 */
  backoffCoefficientMs?: number
  /** The longest wait. @default 300000 */
  backoffMaxMs?: number
  /** Peers remembered in backoff; the oldest is forgotten first. @default 10000 */
  maxBackoffPeers?: number
}

/** Bounds on what others can make us spend. `Infinity` lifts one. */
export interface LimitOptionsInit {
  /** Connections in both directions, beyond which none is accepted or dialled. @default 2048 */
  maxConnections?: number
  /** @default 1536 */
  maxInboundConnections?: number
  /** @default 1536 */
  maxOutboundConnections?: number
  /** Connections with one peer. @default 8 */
  maxConnectionsPeer?: number
  /** Inbound connections from one IP address, or from one IPv6 /64; loopback is exempt. @default 64 */
  maxConnectionsPerIp?: number
  /** Inbound connections whose upgrade has not finished. @default 256 */
  maxPendingInbound?: number
  /** Inbound connections that wait for their upgrade to begin; more are refused. @default 1024 */
  maxQueuedInbound?: number
  /** Of those, from one IP address; loopback is exempt. @default 16 */
  maxPendingInboundPerIp?: number
  /** Streams of all connections. @default 32768 */
  maxStreams?: number
  /** Streams that a peer has opened to us, on one connection. @default 4096 */
  maxInboundStreamsPerConnection?: number
  /** Streams that we have opened on one connection. @default 4096 */
  maxOutboundStreamsPerConnection?: number
  /** Inbound streams of one protocol on one connection, where its handler sets none. @default 4096 */
  maxInboundStreamsPerProtocol?: number
  /** Bytes that have arrived and wait for a reader, over all streams. @default 268435456 */
  maxBufferedBytes?: number
  /** Above so many connections the least useful are closed, down to `lowWater`. @default 1024 */
  highWater?: number
  /** @default 896 */
  lowWater?: number
  /** A connection younger than this is not trimmed. @default 20000 */
  trimGraceMs?: number
}

/** Time and memory of a connection and its streams. */
export interface ConnectionOptionsInit {
  /** From accepting a socket to a usable connection. @default 10000 */
  inboundUpgradeTimeoutMs?: number
  /** Agreeing on the protocol of a stream. @default 10000 */
  negotiateTimeoutMs?: number
  /** Opening a stream, with its negotiation. @default 15000 */
  openStreamTimeoutMs?: number
  /** A graceful close of a connection; then it is aborted. @default 5000 */
  closeTimeoutMs?: number
  /** After `stream.close()`, how long the peer may take to end its side. @default 10000 */
  lingerTimeoutMs?: number
  /** Unread bytes at which a stream stops taking more. @default 262144 */
  streamHighWaterBytes?: number
  /** Unread bytes at which it goes on. @default 65536 */
  streamLowWaterBytes?: number
  /** A stream without a byte in either direction for so long fails; 0 is never. @default 0 */
  streamIdleTimeoutMs?: number
  /** A ping on a silent connection; 0 is never. @default 15000 */
  keepAliveIntervalMs?: number
  /** Silence after which the connection is lost; any byte that arrives counts. @default 45000 */
  keepAliveTimeoutMs?: number
  /** Handlers of `connected` may hold back `dial` for so long. @default 5000 */
  notifyTimeoutMs?: number
  /** Two connections to one peer are both kept for so long; then one is supplanted. @default 3000 */
  duplicateGraceMs?: number
}

export type DialSettings = Readonly<Required<DialOptionsInit>>
export type LimitSettings = Readonly<Required<LimitOptionsInit>>
export type ConnectionSettings = Readonly<Required<ConnectionOptionsInit>>

export const DIAL_DEFAULTS: DialSettings = Object.freeze({
  maxFdDials: 160,
  maxDialsPerPeer: 8,
  maxAddressesPerPeer: 100,
  maxWaiters: 4096,
  dialAttempts: 1,
  addressTimeoutMs: 15_000,
  localAddressTimeoutMs: 5_000,
  peerTimeoutMs: 60_000,
  resolveTimeoutMs: 10_000,
  backoffBaseMs: 5_000,
  backoffCoefficientMs: 1_000,
  backoffMaxMs: 300_000,
  maxBackoffPeers: 10_000
})

export const LIMIT_DEFAULTS: LimitSettings = Object.freeze({
  maxConnections: 2048,
  maxInboundConnections: 1536,
  maxOutboundConnections: 1536,
  maxConnectionsPeer: 8,
  maxConnectionsPerIp: 64,
  maxPendingInbound: 256,
  maxQueuedInbound: 1024,
  maxPendingInboundPerIp: 16,
  maxStreams: 32_768,
  maxInboundStreamsPerConnection: 4096,
  maxOutboundStreamsPerConnection: 4096,
  maxInboundStreamsPerProtocol: 4096,
  maxBufferedBytes: 256 * 1024 * 1024,
  highWater: 1024,
  lowWater: 896,
  trimGraceMs: 20_000
})

export const CONNECTION_DEFAULTS: ConnectionSettings = Object.freeze({
  inboundUpgradeTimeoutMs: 10_000,
  negotiateTimeoutMs: 10_000,
  openStreamTimeoutMs: 15_000,
  closeTimeoutMs: 5_000,
  lingerTimeoutMs: 10_000,
  streamHighWaterBytes: 256 * 1024,
  streamLowWaterBytes: 64 * 1024,
  streamIdleTimeoutMs: 0,
  keepAliveIntervalMs: 15_000,
  keepAliveTimeoutMs: 45_000,
  notifyTimeoutMs: 5_000,
  duplicateGraceMs: 3_000
})

/**
 * `defaults` with what `init` sets over it; an option that is undefined counts as not set.
 *
 * @throws TypeError for an option that does not exist, RangeError for a value that is not a number
 * of 0 or more
 */
export function resolveOptions<T extends Readonly<Record<string, number>>> (room: string, defaults: T, init: { [K in keyof T]?: number | undefined } = {}): T {
  const resolved: Record<string, number> = { ...defaults }

  for (const [name, value] of Object.entries(init)) {
    if (!(name in defaults)) {
      throw new TypeError(`there is no option ${room}.${name}; there are ${Object.keys(defaults).join(', ')}`)
    }

    if (value === undefined) {
      continue
    }

    if (typeof value !== 'number' || !(value >= 0)) {
      throw new RangeError(`${room}.${name} must be a number of 0 or more, received ${String(value)}`)
    }

    resolved[name] = value
  }

  return Object.freeze(resolved) as T
}
