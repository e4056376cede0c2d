/** What sessions run on: a provider makes and accepts streams between two ends. Each way of connecting has a folder. */
export { memoryProviders } from './memory/memory-provider.ts'
export { createMuxProvider } from './mux/mux-provider.ts'
export { decodeHeaderBlock, encodeHeaderBlock } from './mux/header-block.ts'
export { NodeLink } from './socket/node-link.ts'
export { WebLink } from './socket/web-link.ts'
export type { MemoryInit } from './memory/memory-provider.ts'
export type { MuxProvider, MuxProviderInit } from './mux/mux-provider.ts'
export type { WebStreamPair } from './socket/web-link.ts'
