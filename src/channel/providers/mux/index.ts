/*
 * The streams of a session over any byte pipe: a preamble, then yamux; spec-channel 12.1.
 *
 *     link ─► preamble ─► link-transport ─► yamux ─► mux-stream ─► header-acceptor ─► session
 */
export { createMuxProvider } from './mux-provider.ts'
export { flushAll } from './flush.ts'
export { decodeHeaderBlock, encodeHeaderBlock } from './header-block.ts'
export { HeaderAcceptor } from './header-acceptor.ts'
export { OpenSlots } from './open-slots.ts'
export { PREAMBLE } from './preamble.ts'
export type { Flushable } from './flush.ts'
export type { HeaderAcceptorInit } from './header-acceptor.ts'
export type { MuxProvider, MuxProviderInit } from './mux-provider.ts'
