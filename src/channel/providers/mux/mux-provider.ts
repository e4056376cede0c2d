import { after, CodedError, raceOrEnd, toError, TransientSet } from '../../../base/index.ts'
import { GO_AWAY, yamux } from '../../../yamux/index.ts'
import { flushAll } from './flush.ts'
import { HeaderAcceptor } from './header-acceptor.ts'
import { LinkTransport } from './link-transport.ts'
import { MuxStream } from './mux-stream.ts'
import { OpenSlots } from './open-slots.ts'
import { exchangePreamble } from './preamble.ts'
import { goodbyeError, lossError, orderlyEnd, streamError } from './stream-errors.ts'
import type { MuxStreamHost } from './mux-stream.ts'
import type { Clock, Timer } from '../../../base/index.ts'
import type { YamuxMuxer, YamuxStream } from '../../../yamux/index.ts'
import type { ByteLink, CallOptions, ProviderEvents, ProviderStream, SessionLimits, StreamHeaders, StreamProvider } from '../../contract/index.ts'

export interface MuxProviderInit {
  /** Of the transport: `tcp`, `wss`... */
  name: string
  /** A URL of the other side. */
  remoteAddress: string
  isInitiator: boolean
  /** Why the other side may hang up before it has spoken, for the message of that error. */
  hangUpHint?: string | undefined
  limits: Pick<SessionLimits, 'maxOpenStreams'>
  clock: Clock
  /** For the agreement on the protocol. */
  handshakeTimeoutMs: number
  /** 0 is never. */
  keepAliveIntervalMs: number
  keepAliveTimeoutMs: number
  /** Gives up the agreement on the protocol; of no meaning afterwards. */
  signal?: AbortSignal | undefined
}

/** The streams of a session over a byte pipe. */
export interface MuxProvider extends StreamProvider {
  /** Whether it opens no more streams: it was closed, or lost. */
  readonly isClosing: boolean
}

/**
 * The streams of a session over a byte pipe; spec-channel 12.1. The link is the provider's from here on, also
 * where this rejects: then it has been reset.
 *
 * @throws CodedError ProtocolViolation when the other side speaks something else, ConnectFailed when it says
 * nothing in time or ends the connection; the signal's reason
 */
export async function createMuxProvider (link: ByteLink, init: MuxProviderInit): Promise<MuxProvider> {
  const { remoteAddress, hangUpHint, clock, handshakeTimeoutMs: timeoutMs, signal } = init

  return exchangePreamble(link, (rest) => new LinkMuxProvider(link, rest, init), { remoteAddress, hangUpHint, clock, timeoutMs, signal })
}

/*
 * Closing, on the side that begins: no more streams, what was written leaves, then the goodbye: streams that have
 * not ended are reset with `sessionClosed`, a go away follows, and our direction of the link ends. The other side
 * answers with its own goodbye, without waiting for anything.
 */
class LinkMuxProvider implements MuxProvider {
  readonly name: string
  readonly remoteAddress: string
  readonly isInitiator: boolean
  readonly framing = 'records'
  readonly peerVersion = 1

  readonly #host: MuxStreamHost = {
    explain: (error) => streamError(error) ?? this.#lose(error),
    onEnded: (stream) => {
      this.#streams.delete(stream)
      this.#slots.remove(stream)
    }
  }

  readonly #clock: Clock
  readonly #lingerMs: number
  readonly #transport: LinkTransport
  readonly #muxer: YamuxMuxer
  readonly #slots: OpenSlots<MuxStream>
  readonly #acceptor: HeaderAcceptor
  readonly #streams = new TransientSet<MuxStream>()
  readonly #gone = Promise.withResolvers<void>()
  #phase: 'open' | 'closing' | 'ended' = 'open'
  /** Why streams and calls fail, unless the phase is `open`. */
  #reason: Error | undefined
  /** How it ended: with an error unless gracefully. */
  #end: { readonly error: Error | undefined } | undefined
  #closing: Promise<void> | undefined
  #linger: Timer | undefined
  #events: ProviderEvents | undefined

  constructor (link: ByteLink, rest: Uint8Array, init: MuxProviderInit) {
    const { clock, isInitiator, limits: { maxOpenStreams }, keepAliveIntervalMs, keepAliveTimeoutMs } = init

    this.name = init.name
    this.remoteAddress = init.remoteAddress
    this.isInitiator = isInitiator
    this.#clock = clock
    this.#lingerMs = keepAliveTimeoutMs
    this.#slots = new OpenSlots(maxOpenStreams, (stream) => { this.#begin(stream) })
    this.#acceptor = new HeaderAcceptor({ clock, onStream: (stream) => { this.#events?.onStream(stream) } })
    this.#transport = new LinkTransport(link, { clock, isInitiator, onGone: (error) => { this.#onGone(error) } })
    this.#muxer = yamux({
      clock,
      keepAliveIntervalMs,
      keepAliveTimeoutMs,
      maxInboundStreams: maxOpenStreams,
      maxEarlyStreams: maxOpenStreams,
      maxOutboundStreams: Infinity // the slots count them, and let them wait
    })().createStreamMuxer(this.#transport)
    this.#muxer.addEventListener('goaway', (event) => { this.#onGoAway(event.detail) })
    this.#transport.start(rest)
  }

  get isClosing (): boolean {
    return this.#phase !== 'open'
  }

  start (events: ProviderEvents): void {
    this.#events = events

    if (this.#end == null) {
      this.#muxer.addEventListener('stream', (event) => { this.#accept(event.detail) })
    } else {
      this.#tellEnd()
    }
  }

  open (headers: StreamHeaders): ProviderStream {
    if (this.#reason != null) {
      throw this.#reason
    }

    const stream = new MuxStream(this.#host, headers)

    this.#streams.add(stream)

    try {
      this.#slots.add(stream)
    } catch (thrown) {
      this.#streams.delete(stream)
      throw thrown
    }

    return stream
  }

  async close ({ signal }: CallOptions = {}): Promise<void> {
    this.#closing ??= this.#closeGracefully()

    await raceOrEnd(this.#closing, signal, (thrown) => { this.abort(toError(thrown)) })
  }

  abort (error: Error): void {
    if (this.#end == null) {
      this.#endWith(error, { error })
    }

    this.#transport.abort(error)
  }

  #begin (stream: MuxStream): void {
    try {
      const raw = this.#muxer.openStream()

      if (raw == null) {
        void this.#beginLater(stream)
      } else {
        stream.adopt(raw)
      }
    } catch (thrown) {
      stream.fail(toError(thrown))
    }
  }

  async #beginLater (stream: MuxStream): Promise<void> {
    stream.begin()

    try {
      stream.adopt(await this.#muxer.createStream())
    } catch (thrown) {
      stream.fail(toError(thrown))
    }
  }

  #accept (raw: YamuxStream): void {
    if (this.#reason != null) {
      raw.abort(goodbyeError(this.#reason.message))
      return
    }

    const stream = new MuxStream(this.#host)

    this.#streams.add(stream)
    stream.adopt(raw)
    this.#acceptor.accept(stream)
  }

  async #closeGracefully (): Promise<void> {
    if (this.#phase === 'open') {
      const reason = goodbyeError('the session was closed here')

      this.#phase = 'closing'
      this.#reason = reason
      this.#failWaiting(reason)
      await flushAll([...this.#streams], this.#clock)
      this.#sayGoodbye(reason)
    }

    await this.#gone.promise
  }

  #onGoAway (code: number): void {
    if (code === GO_AWAY.normal) {
      this.#sayGoodbye(goodbyeError('the other side closed the session'))
    } else {
      this.#transport.abort(this.#lose(new CodedError('ConnectionLost', `the other side ended it with code ${code}`)))
    }
  }

  #sayGoodbye (reason: Error): void {
    if (this.#end != null) {
      return
    }

    this.#endWith(reason, { error: undefined })
    this.#failWaiting(reason)

    for (const stream of [...this.#streams]) {
      stream.fail(reason)
    }

    this.#muxer.abort(reason)
    this.#linger = after(this.#clock, this.#lingerMs, () => {
      this.#transport.abort(new CodedError('ConnectionLost', `the other side did not end the connection within ${this.#lingerMs} ms`))
    })
    this.#transport.finishWriting()
    this.#tellEnd()
  }

  /**
   * What a lost connection is to everybody who used it; the first to notice says why. What carries the link may
   * itself have been closed in good order, which then ends the session too.
   */
  #lose (error: Error): Error {
    const closed = orderlyEnd(error)

    if (closed != null && this.#end == null) {
      this.#endWith(closed, { error: undefined })
    } else if (this.#end == null || this.#reason == null) {
      const reason = lossError(this.remoteAddress, error)

      this.#endWith(reason, { error: reason })
    }

    return this.#reason ?? error
  }

  #onGone (error: Error | undefined): void {
    const reason = this.#lose(error ?? new CodedError('ConnectionLost', 'both sides ended it without closing the session'))

    this.#failWaiting(reason)
    this.#linger?.[Symbol.dispose]()
    this.#gone.resolve()
    this.#tellEnd()
  }

  #endWith (reason: Error, end: { readonly error: Error | undefined }): void {
    this.#phase = 'ended'
    this.#reason = reason
    this.#end = end
    this.#acceptor[Symbol.dispose]()
  }

  #failWaiting (reason: Error): void {
    for (const stream of this.#slots.takeWaiting()) {
      stream.fail(reason)
    }
  }

  /** Once, and last: streams tell theirs in microtasks that were made before. */
  #tellEnd (): void {
    const events = this.#events
    const end = this.#end

    if (events != null && end != null) {
      this.#events = undefined
      queueMicrotask(() => { events.onClose(end.error) })
    }
  }
}
