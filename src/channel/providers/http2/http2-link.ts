import { CodedError } from '../../../base/index.ts'
import { ChannelError, describeReason } from '../../contract/index.ts'
import { ChunkQueue } from '../http/chunk-queue.ts'
import { HIGH_WATER_BYTES } from './protocol.ts'
import type { ByteLink, ChannelReason, LinkEvents } from '../../contract/index.ts'
import type { Http2Stream } from 'node:http2'

/**
 * The bodies of a request and its response as a byte pipe; spec-channel 12.4.
 *
 * Node pushes an end of its own when a stream is reset or its socket is lost, so an end is believed only while no
 * code and no abort says otherwise.
 */
export class Http2Link implements ByteLink {
  readonly #stream: Http2Stream
  /** What had come to a paused link before a loss: the stream throws it away. */
  readonly #rescued = new ChunkQueue()
  #events: LinkEvents | undefined
  #isPaused = true
  #hasEnded = false
  #isRoomAwaited = false
  #isCorked = false
  #failure: Error | undefined
  #end: { readonly error: Error | undefined } | undefined
  #hasToldEnd = false

  constructor (stream: Http2Stream) {
    this.#stream = stream
    stream.pause()
    stream.on('data', (bytes: Uint8Array) => { this.#onData(bytes) })
    stream.on('end', () => { this.#onEnd() })
    stream.on('drain', () => { this.#onDrain() })
    stream.on('error', (error) => { this.#failure ??= error })
    stream.on('aborted', () => { this.#onAborted() })
    stream.on('close', () => { this.#onClose() })
  }

  attach (events: LinkEvents): void {
    this.#events = events
    this.#tellEndSoon()
  }

  pause (): void {
    this.#isPaused = true
    this.#stream.pause()
  }

  resume (): void {
    this.#isPaused = false
    this.#stream.resume()
    this.#tellEndSoon()
  }

  write (bytes: Uint8Array): boolean {
    const stream = this.#stream

    if (stream.writableEnded || stream.destroyed) {
      return true
    }

    this.#cork()
    stream.write(bytes)
    // the stream says `drain` from its own, lower mark on
    this.#isRoomAwaited = stream.writableNeedDrain && stream.writableLength >= HIGH_WATER_BYTES

    return !this.#isRoomAwaited
  }

  end (): void {
    if (!this.#stream.writableEnded) {
      this.#stream.end()
    }
  }

  reset (reason: ChannelReason): void {
    this.#rescued.clear()
    this.#tellEndSoon()

    if (!this.#stream.destroyed) {
      this.#failure = new ChannelError('StreamAborted', `this side ended the HTTP/2 stream: ${describeReason(reason)}`, { reason })
      // not `close`, which would send an end before the reset
      this.#stream.destroy(this.#failure)
    }
  }

  /** What is written in one turn leaves together: each write costs a call into the engine. */
  #cork (): void {
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#stream.cork()
      queueMicrotask(() => {
        this.#isCorked = false
        this.#stream.uncork()
      })
    }
  }

  #onData (bytes: Uint8Array): void {
    if (this.#isPaused) {
      this.#rescued.push(bytes)
    } else {
      this.#events?.onData(bytes)
    }
  }

  #onEnd (): void {
    if (!this.#isBroken) {
      this.#hasEnded = true
      this.#events?.onEnd()
    }
  }

  #onDrain (): void {
    if (this.#isRoomAwaited) {
      this.#isRoomAwaited = false
      this.#events?.onRoom()
    }
  }

  #onAborted (): void {
    while (this.#failure == null && this.#stream.read() != null) {
      // each piece goes to `#onData`
    }

    this.#stream.destroy()
  }

  #onClose (): void {
    // not `writableFinished`: Node closes a stream whose last frame has left before it says so
    const isGraceful = this.#hasEnded && this.#stream.writableEnded && !this.#isBroken

    this.#end = { error: isGraceful ? undefined : this.#toLoss() }
    this.#tellEnd()
  }

  /** Nobody expects to be called back by what they call. */
  #tellEndSoon (): void {
    if (this.#end != null) {
      queueMicrotask(() => { this.#tellEnd() })
    }
  }

  #tellEnd (): void {
    while (this.#events != null && !this.#isPaused && this.#rescued.byteLength > 0) {
      this.#events.onData(this.#rescued.shift() ?? new Uint8Array())
    }

    if (this.#end != null && this.#events != null && !this.#hasToldEnd && this.#rescued.byteLength === 0) {
      this.#hasToldEnd = true
      this.#events.onClose(this.#end.error)
    }
  }

  get #isBroken (): boolean {
    return this.#failure != null || this.#stream.aborted || (this.#stream.rstCode ?? 0) !== 0
  }

  #toLoss (): Error {
    const failure = this.#failure

    if (failure instanceof ChannelError) {
      return failure
    }

    const why = failure == null ? `code ${this.#stream.rstCode ?? 0}` : failure.message

    return new CodedError('ConnectionLost', `the HTTP/2 stream was lost: ${why}`, { cause: failure })
  }
}
