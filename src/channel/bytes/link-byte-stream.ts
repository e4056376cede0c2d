import { isCoded, raceSignal } from '../../base/index.ts'
import { REASON_CODE, toReason } from '../contract/index.ts'
import { moved, readingEnded, resetHere, usedAfterReset } from './byte-errors.ts'
import { encodeBytes } from './chunk-bytes.ts'
import { collect } from './collect.ts'
import { ReadHalf } from './read-half.ts'
import { ReplayLink } from './replay-link.ts'
import { toReadable, toWritable } from './web-views.ts'
import { WriteHalf } from './write-half.ts'
import type { ByteLink, ByteStream, CallOptions, ChannelReason, LinkEvents, ReasonInput, StreamDirection } from '../contract/index.ts'

/**
 * What is thrown away, once both directions have ended here, before the other side is told to stop. It
 * may have more to say without any harm, but nobody shall write for ever to somebody who has closed.
 */
export const MAX_DISCARDED_BYTES = 64 * 1024

export interface LinkByteStreamInit {
  /** What may be done here; spec-channel 10.2. `duplex` unless given. */
  direction?: StreamDirection
  /** Leaves the link alone until the first call, so that an unused stream has no effect. */
  isLazy?: boolean
}

/**
 * A byte stream over any link. At most 64 KiB are unread here; then the link is paused. A write goes to the
 * link at once, and waits for the link to have room.
 */
export class LinkByteStream implements ByteStream {
  readonly closed: Promise<Error | undefined>

  readonly #link: ByteLink
  readonly #reading: ReadHalf
  readonly #writing: WriteHalf
  readonly #direction: StreamDirection
  readonly #settleClosed: (error: Error | undefined) => void
  #isStarted = false
  #isMoved = false
  /** Whether the link has ended, or we have reset it. */
  #isOver = false
  /** Whether reading ended on this side, by `closeRead`, `close` or `reset`. */
  #isReadClosed = false
  #isReset = false
  /** Whether the other side is being told to stop. */
  #isStopping = false
  #discardedBytes = 0
  /** How the link has ended. */
  #end: { readonly error: Error | undefined } | undefined
  #readable: ReadableStream<Uint8Array> | undefined
  #writable: WritableStream<Uint8Array> | undefined

  constructor (link: ByteLink, { direction = 'duplex', isLazy = false }: LinkByteStreamInit = {}) {
    const { promise, resolve } = Promise.withResolvers<Error | undefined>()

    this.closed = promise
    this.#settleClosed = resolve
    this.#link = link
    this.#direction = direction
    this.#reading = new ReadHalf(link)
    this.#writing = new WriteHalf(link)

    if (!isLazy) {
      this.#start()
    }
  }

  /** What may be done here still. */
  get direction (): StreamDirection {
    if (this.#direction === 'duplex' && this.#writing.hasEnded) {
      return 'readable'
    }

    return this.#direction === 'duplex' && this.#isReadClosed ? 'writable' : this.#direction
  }

  get readable (): ReadableStream<Uint8Array> {
    return (this.#readable ??= toReadable(this))
  }

  get writable (): WritableStream<Uint8Array> {
    return (this.#writable ??= toWritable(this))
  }

  read (options?: CallOptions): Promise<Uint8Array | null> {
    if (this.#isMoved) {
      return Promise.reject(moved())
    }

    this.#start()

    return this.#reading.read(options?.signal)
  }

  write (bytes: Uint8Array | string, options?: CallOptions): Promise<void> {
    try {
      const sent = encodeBytes(bytes)

      this.#assertHere()
      this.#start()

      return this.#writing.write(sent, options?.signal)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  end (bytes?: Uint8Array | string, options?: CallOptions): Promise<void> {
    try {
      const last = bytes == null ? undefined : encodeBytes(bytes)

      this.#assertHere()
      this.#start()

      return this.#writing.end(last, options?.signal)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  closeWrite (): Promise<void> {
    return this.end()
  }

  closeRead (reason?: ReasonInput): void {
    const why = toReason(reason, REASON_CODE.cancelled)

    this.#assertHere()

    if (this.#isReadClosed) {
      return
    }

    this.#start()
    this.#closeRead()

    if (this.#writing.hasEnded) {
      this.#stopPeer(why)
    }
  }

  /**
   * Resolves when the link has taken what was written, and never waits for the other side's end. Closing
   * what has ended, by whatever, does nothing.
   *
   * @throws what ends the stream while this waits; the signal's reason, which ends the waiting only
   */
  async close (options?: CallOptions): Promise<void> {
    this.#assertHere()
    this.#start()
    this.#closeRead()

    if (!this.#isOver) {
      this.#writing.endNow()
      await raceSignal(this.#writing.end(undefined, undefined), options?.signal)
    }
  }

  reset (reason?: ReasonInput): void {
    const why = toReason(reason, REASON_CODE.none)

    this.#assertHere()

    if (this.#isReset) {
      return
    }

    const error = resetHere(why)
    const later = usedAfterReset(error)

    this.#start()
    this.#isReset = this.#isReadClosed = true

    if (!this.#isOver) {
      this.#isOver = true
      this.#writing.fail(error, later)
      this.#link.reset(why)
      this.#settleClosed(error)
    }

    this.#reading.refuse(error, later)
  }

  bytes (options?: CallOptions & { maxBytes?: number }): Promise<Uint8Array> {
    return collect(this, options)
  }

  async text (options?: CallOptions & { maxBytes?: number }): Promise<string> {
    return new TextDecoder().decode(await this.bytes(options))
  }

  [Symbol.asyncIterator] (): AsyncIterator<Uint8Array, void> & AsyncIterable<Uint8Array, void> {
    return {
      next: async () => {
        const value = await this.read()

        return value == null ? { done: true, value: undefined } : { done: false, value }
      },
      // the loop was left early
      return: async () => {
        if (!this.#isMoved) {
          this.closeRead()
        }

        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator] () {
        return this
      }
    }
  }

  /** Closes the stream, unless it has been moved. */
  async [Symbol.asyncDispose] (): Promise<void> {
    if (!this.#isMoved) {
      await this.close()
    }
  }

  /** @throws CodedError ChannelMoved; StreamClosed when it was reset, or both directions have ended on this side */
  assertMovable (): void {
    this.#assertHere()

    if (this.#isReset || (this.#isReadClosed && this.#writing.hasEnded)) {
      throw readingEnded()
    }
  }

  /**
   * Gives away what is behind this object, paused, with the bytes that nobody has read. Calls that wait
   * here, and those to come, get ChannelMoved. Whoever takes it attaches to it in the same turn.
   *
   * @throws as `assertMovable`
   */
  release (): ByteLink {
    this.assertMovable()

    const error = moved()
    const unread = this.#reading.giveAway(error)
    const hasEnded = this.#reading.hasEnded && this.#direction !== 'writable'

    this.#isMoved = true
    this.#writing.fail(error)
    this.#settleClosed(error)

    if (unread.byteLength === 0 && !hasEnded && !this.#isOver) {
      return this.#link
    }

    return new ReplayLink(this.#link, { unread, hasEnded, end: this.#end })
  }

  readonly #events: LinkEvents = {
    onData: (bytes) => {
      if (this.#reading.isDiscarding) {
        this.#onDiscarded(bytes.byteLength)
      } else {
        this.#reading.push(bytes)
      }
    },
    onEnd: () => { this.#reading.end() },
    onRoom: () => { this.#writing.onRoom() },
    onClose: (error) => { this.#onClose(error) }
  }

  #start (): void {
    if (this.#isStarted) {
      return
    }

    this.#isStarted = true
    this.#link.attach(this.#events)

    if (this.#direction === 'readable') {
      this.#writing.endNow()
    } else if (this.#direction === 'writable') {
      this.#reading.endHere()
    }

    this.#reading.resume()
  }

  #assertHere (): void {
    if (this.#isMoved) {
      throw moved()
    }
  }

  #closeRead (): void {
    const error = readingEnded()

    this.#isReadClosed = true
    this.#reading.refuse(error, error)
  }

  #onDiscarded (bytes: number): void {
    if (!this.#writing.hasEnded) {
      return
    }

    this.#discardedBytes += bytes

    if (this.#discardedBytes > MAX_DISCARDED_BYTES) {
      this.#stopPeer(toReason(undefined, REASON_CODE.cancelled))
    }
  }

  /** Tells the other side, behind what was written, that nobody reads; spec-channel 10.3. */
  #stopPeer (reason: ChannelReason): void {
    if (this.#isStopping || this.#isOver || this.#reading.hasEnded) {
      return
    }

    this.#isStopping = true
    this.#writing.whenRoom(() => {
      // one turn later, as links may send an end with the turn after it
      queueMicrotask(() => { this.#link.reset(reason) })
    })
  }

  #onClose (error: Error | undefined): void {
    if (this.#isOver) {
      return
    }

    this.#isOver = true
    this.#end = { error }

    if (error == null) {
      this.#writing.finish()
      this.#reading.end()
    } else {
      this.#writing.fail(error)
      this.#reading.fail(error)
    }

    // who ends both directions, and does not care for the rest, has ended it gracefully
    this.#settleClosed(this.#isStopping && isCoded(error, 'StreamAborted') ? undefined : error)
  }
}
