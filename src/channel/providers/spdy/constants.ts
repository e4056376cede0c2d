/**
 * What SPDY/3.1 fixes, and the bounds of ours that are no options. `spec-channel 11.4` in a comment is
 * section 11.4 of `docs/spec-channel.md`; `SPDY 2.6.1` is one of the SPDY specification.
 */

export const SPDY_VERSION = 3

/** Of this specification of channels, in the header `libchan-version`. */
export const LIBCHAN_VERSION = 1

export const FRAME_HEADER_BYTES = 8

export const FRAME_TYPE = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9
} as const

export const FLAG = {
  none: 0,
  fin: 1,
  unidirectional: 2
} as const

/** Statuses of RST_STREAM that mean something here; SPDY 2.6.3. */
export const RESET_STATUS = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5
} as const

/** A status of RST_STREAM from here on is this plus the code of a reason; spec-channel 11.5. */
export const REASON_STATUS = 0x10000

export const GO_AWAY_STATUS = {
  ok: 0,
  protocolError: 1,
  internalError: 2
} as const

/** The ID of INITIAL_WINDOW_SIZE in SETTINGS. */
export const INITIAL_WINDOW_SETTING = 7

/** Stream IDs, and the numbers of windows, have 31 bits. */
export const MAX_UINT31 = 0x7FFFFFFF

/** Headers that come before RST_STREAM; spec-channel 11.5. */
export const REASON_HEADER = { code: 'libchan-code', message: 'libchan-message' } as const

/** What each side may send on a stream of ours that nobody reads; spec-channel 11.4. */
export const STREAM_WINDOW_BYTES = 256 * 1024

/** What a stream, and the session, may send before more was granted; SPDY 2.6.8. */
export const DEFAULT_WINDOW_BYTES = 64 * 1024

/** What is kept of a stream of a peer without windows, before the connection is read no more; spec-channel 11.4. */
export const MAX_BUFFERED_BYTES = 1024 * 1024

/** Of the names and values of one frame, unpacked: SPDY sets no limit, and packed zeros become very long. */
export const MAX_HEADER_BYTES = 16 * 1024

/** Of a control frame; those with headers are the longest, and packing may add a little. */
export const MAX_CONTROL_BYTES = MAX_HEADER_BYTES + 1024

/** Of what one DATA frame of ours carries, so that streams take turns. */
export const MAX_DATA_BYTES = 64 * 1024

/** How far back a header block may refer; RFC 1951 2. */
export const DEFLATE_WINDOW_BYTES = 32 * 1024

/** Control frames that wait for a peer which does not read. More, and it is making us answer on purpose. */
export const MAX_WAITING_CONTROL_BYTES = 1024 * 1024

/** What may wait to be sent on one stream before its writer has to wait. */
export const STREAM_BACKLOG_BYTES = 64 * 1024

/** How long a graceful close waits while nothing leaves, and then for the other side to end the connection. */
export const CLOSE_GRACE_MS = 3_000
