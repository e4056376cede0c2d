import { serviceCapabilities } from '@libp2p/interface'
import { YAMUX_PROTOCOL } from './constants.ts'
import { YamuxMuxer } from './muxer.ts'
import { resolveYamuxOptions } from './options.ts'
import type { YamuxInit } from './options.ts'
import type { MessageStream, StreamMuxerFactory } from '@libp2p/interface'

/*
 * Yamux: many streams over one connection, with flow control for each.
 *
 * The rules are in `docs/yamux.md`. It works with every transport and encrypter of libp2p, and in
 * place of `@libp2p/yamux`, with which it shares the protocol and the interface.
 *
 *     transport -> Inbox  -> YamuxStream -> reader     inbox: decoder, frame; stream: message-stream
 *     transport <- Outbox <- YamuxStream <- writer     outbox: send-queue, frame-batch; stream: write-side
 *
 * Read `constants`, `frame`, `window` and `stream` first, then `outbox`, `inbox` and `muxer`.
 * The room `message-stream` is what libp2p asks of any stream.
 */

/** Makes a muxer for each connection. */
export class YamuxFactory implements StreamMuxerFactory<YamuxMuxer> {
  readonly protocol = YAMUX_PROTOCOL
  readonly [Symbol.toStringTag] = 'swarmd/yamux'
  readonly [serviceCapabilities]: string[] = ['@libp2p/stream-multiplexing']
  readonly #settings: ReturnType<typeof resolveYamuxOptions>

  constructor (init: YamuxInit = {}) {
    this.#settings = resolveYamuxOptions(init)
  }

  createStreamMuxer (transport: MessageStream): YamuxMuxer {
    return new YamuxMuxer(transport, this.#settings)
  }
}

/**
 * What `streamMuxers` takes.
 *
 * @throws TypeError, RangeError for options that make no sense
 */
export function yamux (init: YamuxInit = {}): (components?: unknown) => YamuxFactory {
  const factory = new YamuxFactory(init)

  return () => factory
}

export { GO_AWAY, YAMUX_PROTOCOL } from './constants.ts'
export { YamuxClosedError, YamuxProtocolError, YamuxResetError } from './errors.ts'
export { YAMUX_DEFAULTS } from './options.ts'
export { YamuxMuxer } from './muxer.ts'
export { YamuxStream } from './stream.ts'
export type { YamuxRule } from './errors.ts'
export type { YamuxInit } from './options.ts'
export type { YamuxCloseOptions, YamuxEvents } from './muxer.ts'
