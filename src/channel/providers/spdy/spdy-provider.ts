import { after, CodedError, KeepAlive, raceOrEnd, toError } from '../../../base/index.ts'
import { ChannelError, REASON_CODE } from '../../contract/index.ts'
import { CLOSE_GRACE_MS, FLAG, GO_AWAY_STATUS } from './constants.ts'
import { ControlSender } from './control-sender.ts'
import { SendCredit } from './credit.ts'
import { Decoder } from './decoder.ts'
import { connectionLost, sessionClosed, violation } from './errors.ts'
import { goAway } from './frame.ts'
import { describeGoAway, Inbox, versionOf } from './inbox.ts'
import { Outbox } from './outbox.ts'
import { ReadGate } from './read-gate.ts'
import { SpdyStream } from './spdy-stream.ts'
import { StreamTable } from './stream-table.ts'
import type { InboxHost } from './inbox.ts'
import type { StreamHost } from './spdy-stream.ts'
import type { Clock, Timer } from '../../../base/index.ts'
import type { ByteLink, CallOptions, ConnectionOptions, ProviderEvents, ProviderStream, SessionLimits, StreamHeaders, StreamProvider } from '../../contract/index.ts'

export interface SpdyInit extends Omit<ConnectionOptions, 'handshakeTimeoutMs'> {
  /** `spdy` or `spdys`. */
  name: string
  remoteAddress: string
  isInitiator: boolean
  limits: Pick<SessionLimits, 'maxOpenStreams' | 'sendBufferBytes'>
  clock: Clock
}

/** SPDY/3.1 over a byte link, which is the provider's from now on; spec-channel 11. There is no handshake. */
export function createSpdyProvider (link: ByteLink, init: SpdyInit): StreamProvider {
  return new SpdyProvider(link, init)
}

class SpdyProvider implements StreamProvider {
  readonly name: string
  readonly remoteAddress: string
  readonly isInitiator: boolean
  readonly framing = 'values'

  readonly #link: ByteLink
  readonly #clock: Clock
  readonly #outbox: Outbox
  readonly #control: ControlSender
  readonly #gate: ReadGate
  readonly #credit = new SendCredit()
  readonly #table: StreamTable
  readonly #decoder: Decoder
  readonly #keepAlive: KeepAlive
  readonly #streamHost: StreamHost
  readonly #maxOpenStreams: number
  #events: ProviderEvents | undefined
  /** Set when all streams have been told; then only the link is waited for. */
  #end: { readonly error: Error | undefined } | undefined
  #hasToldEnd = false
  #timer: Timer | undefined
  #closing: Promise<void> | undefined
  readonly #closed = Promise.withResolvers<void>()

  constructor (link: ByteLink, { name, remoteAddress, isInitiator, limits, clock, keepAliveIntervalMs, keepAliveTimeoutMs }: SpdyInit) {
    this.name = name
    this.remoteAddress = remoteAddress
    this.isInitiator = isInitiator
    this.#link = link
    this.#clock = clock
    this.#maxOpenStreams = limits.maxOpenStreams
    this.#table = new StreamTable(isInitiator, limits.maxOpenStreams)
    this.#outbox = new Outbox(link, () => { this.#fail(violation('it does not read the answers that it asks for')) })
    this.#control = new ControlSender(this.#outbox, isInitiator)
    this.#gate = new ReadGate(link, () => { this.#keepAlive.touch() })
    this.#streamHost = this.#createStreamHost(limits.sendBufferBytes)
    this.#decoder = new Decoder(new Inbox(this.#createInboxHost()))
    this.#keepAlive = new KeepAlive({
      clock,
      intervalMs: keepAliveIntervalMs,
      timeoutMs: keepAliveTimeoutMs,
      ping: () => { this.#control.ping() },
      isExcused: () => this.#isSilenceExcused,
      onLost: (silentMs) => { this.abort(new CodedError('ConnectionLost', `the connection was lost: the other side was silent for ${Math.round(silentMs)} ms`)) }
    })

    this.#control.begin()
    this.#attach()
  }

  get peerVersion (): number | undefined {
    return this.#control.peerVersion
  }

  start (events: ProviderEvents): void {
    this.#events = events
    this.#link.resume()

    if (this.#hasToldEnd) {
      queueMicrotask(() => { events.onClose(this.#end?.error) })
    }
  }

  open (headers: StreamHeaders): ProviderStream {
    if (this.#end != null || this.#closing != null) {
      throw this.#end?.error ?? sessionClosed('we')
    }

    if (!this.#table.canOpen) {
      throw new CodedError('ResourceLimit', `no stream can be opened: ${this.#table.openCount} of at most ${this.#maxOpenStreams} are open, and ${this.#table.waitingCount} wait`)
    }

    const stream = new SpdyStream(this.#streamHost, headers)

    for (const carrier of this.#table.carriersOf(stream)) {
      carrier.carry(stream)
    }

    if (this.#table.place(stream)) {
      this.#outbox.announce(stream)
    }

    return stream
  }

  async close ({ signal }: CallOptions = {}): Promise<void> {
    this.#closing ??= this.#closeGracefully()

    await raceOrEnd(this.#closing, signal, (thrown) => { this.abort(new CodedError('SessionClosed', 'we closed the session in a hurry', { cause: thrown })) })
  }

  abort (error: Error): void {
    this.#endStreams(error, error)
    this.#drop()
  }

  #attach (): void {
    this.#link.attach({
      onData: (bytes) => { this.#onData(bytes) },
      onRoom: () => { this.#outbox.onRoom() },
      onEnd: () => { this.#onLinkEnd(new Error('the other side ended it without closing the session')) },
      onClose: (error) => {
        this.#onLinkEnd(error ?? new Error('it ended'))
        this.#tellEnd()
        this.#timer?.[Symbol.dispose]()
        this.#closed.resolve()
      }
    })
  }

  #onData (bytes: Uint8Array): void {
    this.#keepAlive.touch()

    try {
      this.#decoder.write(bytes)
    } catch (thrown) {
      this.#fail(toError(thrown))
    }
  }

  #onLinkEnd (error: Error): void {
    if (this.#end == null) {
      if (this.#closing == null) {
        this.abort(connectionLost(error))
      } else {
        this.#goAway(sessionClosed('we'))
      }
    }
  }

  /** The other side broke the protocol. */
  #fail (error: Error): void {
    if (this.#end == null) {
      this.#outbox.finish(goAway(this.#table.lastInboundId, GO_AWAY_STATUS.protocolError))
      this.#link.end() // so that it leaves before the link is dropped
      this.abort(error)
    }
  }

  async #closeGracefully (): Promise<void> {
    if (this.#end == null) {
      this.#watchFlush()
      this.#goAwayWhenSent()
    }

    await this.#closed.promise
  }

  #goAwayWhenSent (): void {
    this.#outbox.whenIdle(() => {
      if (!this.#table.isUnsent) {
        this.#goAway(sessionClosed('we'))
      }
    })
  }

  /** Closes all the same when nothing has left for long: nobody reads it. */
  #watchFlush (): void {
    const before = this.#credit.spent

    this.#timer = after(this.#clock, CLOSE_GRACE_MS, () => {
      if (this.#credit.spent > before) {
        this.#watchFlush()
      } else {
        this.#goAway(sessionClosed('we'))
      }
    })
  }

  /** Says that the session ends, lets that leave, and waits no longer than it should for the other side to end the link. */
  #goAway (streamError: Error): void {
    if (this.#end != null) {
      return
    }

    this.#outbox.finish(goAway(this.#table.lastInboundId, GO_AWAY_STATUS.ok))
    this.#endStreams(streamError, undefined)
    this.#link.end()
    this.#link.resume() // what still comes is thrown away, but without reading there is no end
    this.#timer?.[Symbol.dispose]()
    this.#timer = after(this.#clock, CLOSE_GRACE_MS, () => { this.#drop() })
  }

  #endStreams (streamError: Error, error: Error | undefined): void {
    if (this.#end != null) {
      return
    }

    this.#end = { error }
    this.#keepAlive[Symbol.dispose]()
    this.#decoder.end()
    this.#outbox.stop()

    for (const stream of this.#table.all()) {
      stream.fail(streamError)
    }
  }

  /** Ends the link now. */
  #drop (): void {
    this.#link.reset({ code: REASON_CODE.none, message: '' })

    if (this.#end?.error != null) {
      queueMicrotask(() => { this.#tellEnd() }) // behind what the streams tell
    }
  }

  #tellEnd (): void {
    if (!this.#hasToldEnd && this.#end != null) {
      this.#hasToldEnd = true
      this.#events?.onClose(this.#end.error)
    }
  }

  #createStreamHost (backlogBytes: number): StreamHost {
    const control = this.#control

    return {
      outbox: this.#outbox,
      credit: this.#credit,
      backlogBytes,
      get isOrderLoose () { return !control.isPeerOurs },
      announce: (stream) => this.#announce(stream),
      resetFrames: (streamId, reason) => control.resetFrames(streamId, reason),
      onConsumed: (stream, granted) => { this.#onConsumed(stream, granted) },
      onEnded: (stream) => { this.#onEnded(stream) }
    }
  }

  #announce (stream: SpdyStream): Uint8Array {
    stream.id = this.#table.name(stream)

    return this.#control.synStream(stream.id, stream.headers)
  }

  #onConsumed (stream: SpdyStream, granted: number): void {
    if (granted > 0 && this.#credit.hasWindows) {
      this.#control.grant(stream.id, granted)
    }

    this.#gate.onRead(stream)
  }

  #onEnded (stream: SpdyStream): void {
    const next = this.#table.remove(stream)

    if (this.#end != null) {
      return
    }

    if (this.#closing != null) {
      this.#goAwayWhenSent() // this may have been the last that something waited on
    } else if (next != null) {
      this.#outbox.announce(next)
    }
  }

  #createInboxHost (): InboxHost {
    return {
      table: this.#table,
      credit: this.#credit,
      onSynStream: (streamId, headers, flags) => { this.#onSynStream(streamId, headers, flags) },
      onVersion: (version) => { this.#control.peerVersion ??= version },
      onWindows: () => { this.#control.openSession() },
      onPayload: (bytes) => { this.#onPayload(bytes) },
      onHeld: (stream) => { this.#onHeld(stream) },
      onPing: (id) => { this.#control.pong(id) },
      onUnknownStream: (streamId) => { this.#control.rejectData(streamId) },
      onGoAway: (status) => { this.#onGoAway(status) }
    }
  }

  #onSynStream (streamId: number, headers: StreamHeaders, flags: number): void {
    if (!this.#table.isNext(streamId)) {
      throw violation(`it opened stream ${streamId} after ${this.#table.lastInboundId}`)
    }

    this.#table.lastInboundId = streamId
    this.#control.peerVersion ??= versionOf(headers)

    if (this.#closing != null) {
      return // what it is told next is that the session ends
    }

    // also before a refusal: Go's spdystream waits for ever when a reset comes without
    this.#control.reply(streamId)

    if (!this.#table.canAccept) {
      this.#control.reset(streamId, { code: REASON_CODE.refused, message: `at most ${this.#maxOpenStreams} streams may be open` })
      return
    }

    const stream = new SpdyStream(this.#streamHost, headers, streamId)

    this.#table.accept(stream)
    this.#tellStream(stream)

    if ((flags & FLAG.fin) !== 0) {
      stream.onFin()
    }

    if ((flags & FLAG.unidirectional) !== 0) {
      stream.endLocal()
    }
  }

  #tellStream (stream: SpdyStream): void {
    try {
      this.#events?.onStream(stream)
    } catch (thrown) {
      const reason = thrown instanceof ChannelError ? thrown.reason : undefined

      stream.reset(reason ?? { code: REASON_CODE.refused, message: toError(thrown).message })
    }
  }

  #onPayload (bytes: number): void {
    if (this.#credit.hasWindows) {
      this.#control.keepSessionOpen(bytes)
    }
  }

  #onHeld (stream: SpdyStream): void {
    if (!this.#credit.hasWindows) {
      this.#gate.onHeld(stream)
    }
  }

  #onGoAway (status: number): void {
    if (status === GO_AWAY_STATUS.ok) {
      this.#goAway(sessionClosed('the other side'))
    } else {
      this.abort(new CodedError('ConnectionLost', `the other side ended the connection, ${describeGoAway(status)}`))
    }
  }

  /**
   * Go libchan reads nothing, not even pings, while its application does not read one of its streams: silence means
   * little, and pings are sent for TCP to find out. Nor does it mean anything while we do not read.
   */
  get #isSilenceExcused (): boolean {
    return this.#gate.isShut || this.peerVersion === 0
  }
}
