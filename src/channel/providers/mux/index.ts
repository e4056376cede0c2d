/*
 * The streams of a session over any byte pipe: a preamble, then yamux; spec-channel 12.1.
 *
 *     link ─► preamble ─► link-transport ─► yamux ─► mux-stream ─► header-acceptor ─► session
 */
export { createMuxProvider } from './mux-provider.ts'
export { encodeHeaderBlock } from './header-block.ts'
export { PREAMBLE } from './preamble.ts'
export type { MuxProvider, MuxProviderInit } from './mux-provider.ts'
