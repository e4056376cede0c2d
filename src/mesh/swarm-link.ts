import { isCoded } from '../base/index.ts'
import { ChannelError, describeReason, MAX_REASON_CODE, REASON_CODE } from '../channel/index.ts'
import { LinkReader } from './link-reader.ts'
import { LinkWriter } from './link-writer.ts'
import type { ReaderEvents } from './link-reader.ts'
import type { WriterEvents } from './link-writer.ts'
import type { ByteLink, ChannelReason, LinkEvents } from '../channel/index.ts'
import type { CloseReason, Stream } from '../swarm/index.ts'

/** A reset of ours. Our yamux tells the other side its code, as does any muxer that knows of codes; yamux 2.12. */
class LinkResetError extends ChannelError {
  readonly resetCode: number

  constructor (reason: ChannelReason) {
    super('StreamAborted', `reset on this side: ${describeReason(reason)}`, { reason })
    this.resetCode = reason.code
  }
}

/** The ways in which a connection ends that are nobody's fault. */
const IN_ORDER: ReadonlySet<CloseReason['code']> = new Set(['closed', 'shutdown', 'supplanted', 'trimmed'])

/** A stream of a swarm as a link. */
export class SwarmLink implements ByteLink, ReaderEvents, WriterEvents {
  readonly #stream: Stream
  readonly #reader: LinkReader
  readonly #writer: LinkWriter
  #events: LinkEvents | undefined
  /** How the stream ended, once it has. */
  #end: { readonly error: Error | undefined } | undefined
  #isClosed = false

  constructor (stream: Stream) {
    this.#stream = stream
    this.#reader = new LinkReader(stream, this)
    this.#writer = new LinkWriter(stream, this)
    void stream.closed.then((error) => { this.#onEnd(error) })
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
    if (this.#end == null) {
      const error = new LinkResetError(reason)

      this.#reader.stop()
      this.#onEnd(error)
      this.#stream.reset(error)
    }
  }

  onData (bytes: Uint8Array): void {
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
    this.#events.onClose(this.#end.error == null ? undefined : toLinkError(this.#end.error))
  }

  #mayDeliver (error: Error | undefined): boolean {
    if (this.#reader.isDone) {
      return false
    }

    return error == null || this.#reader.holdsBytes || this.#stream.stat().bytesBuffered > 0
  }
}

/** What ended a stream, in the words of channels. */
function toLinkError (error: Error): Error {
  if ('closeReason' in error && IN_ORDER.has(error.closeReason as CloseReason['code'])) {
    return new ChannelError('SessionClosed', 'the connection was closed', { cause: error })
  }

  if (!isCoded(error, 'StreamReset')) {
    return error
  }

  const given = 'resetCode' in error ? Number(error.resetCode) : REASON_CODE.none
  const reason = { code: given <= MAX_REASON_CODE ? given : REASON_CODE.none, message: '' }

  return new ChannelError('StreamReset', `the other side reset the stream: ${describeReason(reason)}`, { reason, cause: error })
}
