/**
 * Sessions: channels and byte streams between two ends, over whatever opens streams. One logic for all transports.
 *
 * ```
 * createSession -> SessionCore -> StreamProvider
 *   StreamSendPort, StreamReceivePort   one channel on one stream: encoding, buffers, ends
 *     Framing: records or values        how messages lie on the stream
 *   Outgoing: encode, move, open        what travels in messages
 *   Incoming: decode, claim             and what is made of it
 *   Claims, Origins, Reaper             what waits for its message, may come back, or has had its time
 *   Pump                                one channel copied to another
 * ```
 *
 * Read `docs/spec-channel.md` first, then `session-core.ts`, the two ports, `outgoing.ts` and `incoming.ts`.
 */
export { createSession } from './create-session.ts'
export { resolveSessionLimits } from './session-limits.ts'
