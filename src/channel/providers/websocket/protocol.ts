/** Names this protocol in the handshake; spec-channel 12.3. */
export const SUBPROTOCOL = 'libchan.v1'

/**
 * Of one message that we send; writes of one turn share a message up to here. Measured: larger ones do not fit what a
 * socket reads at once and are put together again, smaller ones cost more calls.
 */
export const MESSAGE_BYTES = 32 * 1024

/** Of one message that we take: a WebSocket message is kept whole before any of it is used. */
export const MAX_MESSAGE_BYTES = 1024 * 1024

/** More waits for `onRoom` while so much has not left. */
export const HIGH_WATER_BYTES = 256 * 1024

/** What may have come and not been taken by whoever paused the link; then the connection is given up. */
export const MAX_WAITING_BYTES = 64 * 1024 * 1024

/** How long the other side may take to answer a close frame. */
export const CLOSING_MS = 5000

/** RFC 6455 7.4.1. */
export const CLOSE_CODE = {
  normal: 1000,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Never sent: there was no close frame. */
  abnormal: 1006,
  policyViolation: 1008,
  internalError: 1011
} as const

/** The reason in a close frame, in UTF-8; RFC 6455 5.5. */
const MAX_CLOSE_REASON_BYTES = 123

/** What a close frame can carry of `text`, cut at a character. */
export function cutCloseReason (text: string): string {
  const bytes = new TextEncoder().encode(text)

  // streaming leaves out a character that was cut
  return bytes.byteLength <= MAX_CLOSE_REASON_BYTES
    ? text
    : new TextDecoder().decode(bytes.subarray(0, MAX_CLOSE_REASON_BYTES), { stream: true })
}
