/* What `swarmd/channel` exports wherever it runs, but for `connect` and `listen`, which know where that is. */

// channels and byte streams within one process
export { copy, MessageRejectedError, pipe, select, withSchema } from './pipe/index.ts'
export { adoptByteStream, byteStreamPair, severable } from './bytes/index.ts'

// between two
export { createSession } from './session/index.ts'
export { overDuplex } from './over-duplex.ts'
export { cbor, json, msgpack } from './codec/index.ts'
export { ChannelError, CONNECTION_DEFAULTS, LISTEN_DEFAULTS, PIPE_DEFAULTS, REASON_CODE, SESSION_DEFAULTS } from './contract/index.ts'

// for transports of your own: a StreamProvider, or a ByteLink for createMuxProvider
export { createMuxProvider, decodeHeaderBlock, encodeHeaderBlock, memoryProviders } from './providers/index.ts'
export { describeReason, HEADER, MAX_REASON_BYTES, MAX_REASON_CODE, REFERENCE, TIME_TYPE, toReason } from './contract/index.ts'

export type { ByteStream, ByteStreamLike, CallOptions, ChannelEnd, ChannelOptions, ChannelReason, PipeOptions, ReasonInput, Receiver, Sender, StreamDirection, Wire } from './contract/index.ts'
export type { ConnectionOptions, ConnectOptions, Listener, ListenOptions, Session, SessionEnd, SessionInit, SessionLimits, SessionStat, TlsOptions } from './contract/index.ts'
export type { Codec, DecodeContext, EncodeContext, MessageLimits, MessageScanner, Reference, ReferenceKind } from './contract/index.ts'
export type { ByteLink, ChannelTransport, LinkEvents, ProviderEvents, ProviderStream, StreamHeaders, StreamProvider, TransportListener, TransportOptions } from './contract/index.ts'
export type { AdoptedByteStream } from './bytes/index.ts'
export type { DuplexLike, OverDuplexOptions } from './over-duplex.ts'
export type { OnSession } from './listen-over.ts'
export type { SelectBranch, SelectBranches, SelectOptions, SelectResult } from './pipe/index.ts'
export type { MemoryInit, MuxProvider, MuxProviderInit, WebStreamPair } from './providers/index.ts'
