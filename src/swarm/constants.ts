/**
 * What specifications and the go-libp2p swarm fix. What we chose is in `options.ts`.
 */

/** Negotiates protocols; https://github.com/multiformats/multistream-select */
export const MULTISTREAM_PROTOCOL = '/multistream/1.0.0'

/** The longest message of multistream-select that we read, length prefix not counted (as js-libp2p). */
export const MULTISTREAM_MAX_MESSAGE_BYTES = 1024

/** The longest that we send, which is the answer to `ls` (as go-multistream). */
export const MULTISTREAM_MAX_LIST_BYTES = 64 * 1024

/** Codes that end a connection on the wire (go-libp2p core/network/conn.go). */
export const CONNECTION_CLOSE_CODE = {
  none: 0,
  negotiationFailed: 0x1000,
  resourceLimit: 0x1001,
  rateLimit: 0x1002,
  protocolViolation: 0x1003,
  supplanted: 0x1004,
  garbageCollected: 0x1005,
  shutdown: 0x1006,
  gated: 0x1007
} as const

/** Errors of single addresses that a DialError keeps; the rest is counted (go-libp2p-swarm dial_error.go). */
export const MAX_DIAL_ERRORS = 16

/** Successful dials of so many that count, or the network path is a black hole (go-libp2p-swarm). */
export const BLACK_HOLE_WINDOW = 100
export const BLACK_HOLE_MIN_SUCCESSES = 5

/** Addresses that one peer's names may resolve to, and names nested in names (go-libp2p-swarm). */
export const MAX_RESOLVED_ADDRESSES = 100
export const MAX_DNSADDR_DEPTH = 4
