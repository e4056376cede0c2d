/*
 * What libp2p asks of any stream of bytes that tells of its events, written once: delivery, pausing,
 * iteration and the two ends. The multiplexer, the encrypters and the TCP transport build upon it.
 */
export { attachSink } from './attach-sink.ts'
export { gather } from './gather.ts'
export { Sink } from './message-sink.ts'
export { MessageStreamBase } from './message-stream.ts'
export type { MessageSink } from './message-sink.ts'
export type { MessageStreamInit } from './message-stream.ts'
