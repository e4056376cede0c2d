/**
 * Streams: from the raw thing that a muxer makes to the one that users hold.
 *
 * ```
 * raw stream -> StreamPort                  -> multistream  -> SwarmStream
 * (events)      (waiting reads and writes,     (which          (deadlines, close,
 *               bounded)                       protocol)       WHATWG streams)
 * ```
 *
 * Nothing else may listen to a raw stream. Nothing here knows of dialling, peers or policy.
 * Read `stream-port.ts` first, then `multistream.ts`, then `swarm-stream.ts`.
 */
export { StreamPort } from './stream-port.ts'
export { SwarmStream } from './swarm-stream.ts'
export { MAX_WAITING_WRITES } from './port-writer.ts'
export { MAX_PROPOSALS, answering, answerProposals, confirming, confirmProtocol, greeting, selectProtocol } from './multistream.ts'
export { decodeMessage, encodeList, encodeMessage } from './multistream-codec.ts'
export { ProtocolRegistry, assertProtocol } from './protocol-registry.ts'
export { explainFailure } from './stream-error.ts'
export type { NegotiateOptions, Negotiation, NegotiationPort, SupportedProtocols } from './multistream.ts'
export type { ReadBudget } from './port-reader.ts'
export type { PortNegotiation } from './handshake.ts'
export type { StreamPortInit } from './port-init.ts'
export type { SwarmStreamInit } from './swarm-stream.ts'
