/**
 * Byte streams over links, and whatever else streams bytes as one of them.
 *
 * ```
 * read, write, WHATWG views        -> LinkByteStream -> ByteLink   (a stream of a session, memory)
 * Node streams, WHATWG, the swarm  -> adoptByteStream -> LinkByteStream over a link of theirs
 * joinByteStreams: link <-> link, without a promise for each chunk
 * severable: the same bytes, until a signal says otherwise
 * ```
 *
 * A link pushes and can be paused; the stream turns that into reads that wait, with at most 64 KiB unread.
 * To join two streams is to take their links from them. Read `link-byte-stream.ts` first, then
 * `join-byte-streams.ts`, then the links: `memory-link.ts`, `node-link.ts`, `pump-link.ts`.
 */
export { adoptByteStream } from './adopt-byte-stream.ts'
export { joinByteStreams } from './join-byte-streams.ts'
export { LinkByteStream, MAX_DISCARDED_BYTES } from './link-byte-stream.ts'
export { byteStreamPair, MEMORY_BUFFER_BYTES } from './memory-link.ts'
export { HIGH_WATER_BYTES, MAX_WAITING_READS } from './read-half.ts'
export { severable } from './severable.ts'
export { isByteStream, takeByteStream } from './take-byte-stream.ts'
export { MAX_WAITING_WRITES } from './write-half.ts'
export type { AdoptedByteStream } from './adopt-byte-stream.ts'
export type { LinkByteStreamInit } from './link-byte-stream.ts'
