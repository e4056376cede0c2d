import { isCoded, toError } from '../base/index.ts'
import { ChannelError, describeReason, MAX_REASON_CODE, REASON_CODE } from '../channel/index.ts'
import { LinkReader } from './link-reader.ts'
import { LinkWriter } from './link-writer.ts'
import type { ReaderEvents } from './link-reader.ts'
import type { WriterEvents } from './link-writer.ts'
import type { ByteLink, ChannelReason, LinkEvents } from '../channel/index.ts'
import type { Stream } from '../swarm/index.ts'

/** A reset of ours. Our yamux tells the other side its code, as does any muxer that knows of codes; yamux 2.12. */
class LinkResetError extends ChannelError {
  readonly resetCode: number

  constructor (reason: ChannelReason, options?: ErrorOptions) {
    super('StreamAborted', `reset on this side: ${describeReason(reason)}`, { ...options, reason })
    this.resetCode = reason.code
  }
}

export interface SwarmLinkInit {
  /** Opens the stream, when `open` says so. */
  open(): Promise<Stream>
  /**
   * The stream is reset before anything came back on it. The other side may not have taken it up, and then never
   * hears of it.
   */
  onEarlyReset?(reason: ChannelReason): void
}

/** A stream of a swarm as a link. It need not be open yet: what is written before leaves first. */
export class SwarmLink implements ByteLink, ReaderEvents, WriterEvents {
  /** Resolves when nothing is left of the stream. */
  readonly gone: Promise<void>
  readonly #init: SwarmLinkInit
  readonly #opening = Promise.withResolvers<Stream>()
  readonly #gone = Promise.withResolvers<void>()
  readonly #reader: LinkReader
  readonly #writer: LinkWriter
  #stream: Stream | undefined
  #events: LinkEvents | undefined
  /** How the stream ended, once it has. */
  #end: { error: Error | undefined } | undefined
  #isOpening = false
  #hasHeard = false
  #isClosed = false
  #explanation: Error | undefined

  /** Over a stream that is there, or one that is yet to be opened. */
  constructor (source: Stream | SwarmLinkInit) {
    this.gone = this.#gone.promise
    this.#init = 'open' in source ? source : { open: async () => source }
    this.#opening.promise.catch(() => {}) // told by `#watch`
    this.#reader = new LinkReader(this.#opening.promise, this)
    this.#writer = new LinkWriter(this.#opening.promise, this)

    if (!('open' in source)) {
      this.open()
    }
  }

  get pendingBytes (): number {
    return this.#writer.waitingBytes
  }

  open (): void {
    if (this.#end == null) {
      this.#isOpening = true
      void this.#watch()
    }
  }

  /** Resolves when all that was written has left, or never will. */
  async flush (): Promise<void> {
    await Promise.race([this.#writer.flushed, this.gone])
  }

  attach (events: LinkEvents): void {
    this.#events = events
    this.#tellClose()
  }

  pause (): void {
    this.#reader.pause()
  }

  resume (): void {
    this.#reader.resume()
  }

  write (bytes: Uint8Array): boolean {
    return this.#writer.write(bytes)
  }

  end (): void {
    this.#writer.end()
  }

  reset (reason: ChannelReason): void {
    if (this.#end == null && !this.#hasHeard) {
      this.#init.onEarlyReset?.(reason)
    }

    this.#break(new LinkResetError(reason))
  }

  /** The session has ended. */
  fail (error: Error): void {
    this.#break(error)
  }

  /** What a reset by the other side means from now on. */
  explainReset (reason: Error): void {
    this.#explanation = reason
  }

  /** Throws away whatever comes. */
  discard (): void {
    void this.#stream?.closeRead()
  }

  onData (bytes: Uint8Array): void {
    this.#hasHeard = true
    this.#events?.onData(bytes)
  }

  onEnd (): void {
    this.#events?.onEnd()
    this.#tellClose()
  }

  onReadError (error: Error): void {
    this.#onEnd(error)
  }

  onRoom (): void {
    this.#events?.onRoom()
  }

  async #watch (): Promise<void> {
    try {
      this.#stream = await this.#init.open()
      this.#opening.resolve(this.#stream)

      if (this.#end?.error != null) {
        this.#stream.reset(toReset(this.#end.error))
      }

      this.#onEnd(await this.#stream.closed)
    } catch (thrown) {
      this.#opening.reject(thrown)
      this.#onEnd(toError(thrown))
    } finally {
      this.#gone.resolve()
    }
  }

  #break (error: Error): void {
    if (this.#end != null) {
      return
    }

    this.#reader.stop()
    this.#onEnd(error)
    this.#opening.reject(error)
    this.#stream?.reset(toReset(error))

    if (!this.#isOpening) {
      this.#gone.resolve()
    }
  }

  #onEnd (error: Error | undefined): void {
    if (error != null) {
      this.#writer.stop()
    }

    this.#end ??= { error }
    this.#tellClose()
  }

  /** Last of all, when what had arrived was delivered. */
  #tellClose (): void {
    if (this.#end == null || this.#events == null || this.#isClosed || this.#mayDeliver(this.#end.error)) {
      return
    }

    this.#isClosed = true
    this.#reader.stop()
    this.#events.onClose(this.#end.error == null ? undefined : this.#explain(this.#end.error))
  }

  #explain (error: Error): Error {
    return isCoded(error, 'StreamReset') && this.#explanation != null ? this.#explanation : toLinkError(error)
  }

  #mayDeliver (error: Error | undefined): boolean {
    if (this.#reader.isDone) {
      return false
    }

    return error == null || this.#reader.holdsBytes || (this.#stream?.stat().bytesBuffered ?? 0) > 0
  }
}

/** What ends the stream of a session that has ended, unless the stream alone was reset. */
function toReset (error: Error): LinkResetError {
  return error instanceof LinkResetError ? error : new LinkResetError({ code: REASON_CODE.sessionClosed, message: error.message }, { cause: error })
}

/** What ended a stream, in the words of channels. */
function toLinkError (error: Error): Error {
  if (isCoded(error, 'ConnectionClosed')) {
    return new ChannelError('SessionClosed', 'the connection was closed', { cause: error })
  }

  if (!isCoded(error, 'StreamReset')) {
    return error
  }

  const given = 'resetCode' in error ? Number(error.resetCode) : REASON_CODE.none

  if (given === REASON_CODE.sessionClosed) {
    return new ChannelError('SessionClosed', 'the other side closed the session', { cause: error })
  }

  const reason = { code: given <= MAX_REASON_CODE ? given : REASON_CODE.none, message: '' }

  return new ChannelError('StreamReset', `the other side reset the stream: ${describeReason(reason)}`, { reason, cause: error })
}
