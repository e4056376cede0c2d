/*
 * SPDY/3.1 as Go libchan speaks it; spec-channel 11.
 *
 *     link -> Decoder -> Inbox -> SpdyStream -> ReadSide -> consumer
 *     link <- Outbox <- FrameBatch <- SpdyStream <- consumer
 *
 * Read `constants`, `frame` and `spdy-stream` first, then `inbox`, `outbox` and `spdy-provider`. Headers are packed
 * by `header-packer` and unpacked by `header-unpacker`, which needs Node as does `spdy-transport`.
 */
export { createSpdyProvider } from './spdy-provider.ts'
export { spdyTransport } from './spdy-transport.ts'
export type { SpdyInit } from './spdy-provider.ts'
