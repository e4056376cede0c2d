/**
 * What the yamux specification fixes (hashicorp/yamux spec.md), and the bounds of ours that are no
 * options. `docs/yamux.md` has the reasons; `yamux 4.2` in a comment is its section 4.2.
 */

export const YAMUX_PROTOCOL = '/yamux/1.0.0'

export const YAMUX_VERSION = 0

export const HEADER_BYTES = 12

export const FRAME_TYPE = {
  data: 0,
  windowUpdate: 1,
  ping: 2,
  goAway: 3
} as const

export const FLAG = {
  none: 0,
  syn: 1,
  ack: 2,
  fin: 4,
  rst: 8
} as const

/** Codes of a go away. libp2p adds its own, from 0x1000. */
export const GO_AWAY = {
  normal: 0,
  protocolError: 1,
  internalError: 2
} as const

/** What each side may send on a stream before the first window update. */
export const INITIAL_WINDOW_BYTES = 256 * 1024

/**
 * The payload of a data frame that we send, at most: a third of what a Noise message holds, and little enough for a peer
 * that counts its credit as go-yamux 5.1 does; yamux 3.10.
 */
export const MAX_DATA_FRAME_BYTES = 21_827

/** The largest number that a field of 32 bits holds: of stream IDs, credit, codes and ping values. */
export const MAX_UINT32 = 2 ** 32 - 1

/** Streams of ours that the peer has not acknowledged (libp2p specs/yamux, ACK backlog). */
export const MAX_ACK_BACKLOG = 256

/** Our own pings that are not answered yet; yamux 5.3. */
export const MAX_OUTSTANDING_PINGS = 16

/** Answers to pings that wait for a saturated connection; yamux 4.2. */
export const MAX_QUEUED_PONGS = 16

/** RST that wait for a saturated connection: twice what all streams of both sides would need; yamux 4.3. */
export const MAX_QUEUED_RESETS = 16_384

/** A window grows when returning half of it took less than this many round trips; yamux 3.5. */
export const GROWTH_ROUND_TRIPS = 2

/** Having grown, a window has to bring so many times more bytes in a time to grow again; yamux 3.5. */
export const GROWTH_GAIN = 1.25

/** Between measurements of the round trip; yamux 3.6. */
export const RTT_INTERVAL_MS = 1000

/** Of the shortest round trips, the last two periods of so long count; yamux 3.6. */
export const RTT_PERIOD_MS = 30_000

/**
 * A new stream is announced, and an inbound one acknowledged, after so many turns of the microtask
 * queue without a first write: enough for one that goes through several async functions.
 */
export const ANNOUNCE_TURNS = 16

/** Of a stream that was reset without saying why; yamux 2.12. */
export const NO_RESET_CODE = 0
