import { ByteQueue, chunksOf, raceSignal } from '../../base/index.ts'
import { closedForReading } from './stream-error.ts'
import type { MessageStream, MessageStreamReadStatus } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** Shared by all streams: counts unread bytes, and says when there are too many. */
export interface ReadBudget {
  readonly exhausted: boolean
  add(bytes: number): void
  remove(bytes: number): void
  /** Calls `fn` when there is room again. */
  onRelease(fn: () => void): Disposable
}

export interface PortReaderInit {
  /** Unread bytes at which the raw stream is told to hold back. */
  highWaterBytes: number
  /** Unread bytes at which it may go on. */
  lowWaterBytes: number
  budget?: ReadBudget | undefined
  /**
   * Told of bytes that the reader takes or that are thrown away, and of those still unread when the
   * stream ends; a negative number of those that are put back.
   */
  onRead?: ((bytes: number) => void) | undefined
}

/** A chunk that is less of its buffer is copied when it waits: unread bytes hold at most eight times their own number. */
const MIN_SHARE_OF_BUFFER = 1 / 8

/** The reading half of a port: a bounded queue between the events of a raw stream and one reader. */
export class PortReader {
  /** Bytes that were taken, and those that were thrown away. */
  bytesRead = 0

  readonly #raw: MessageStream & { readStatus?: MessageStreamReadStatus }
  readonly #init: PortReaderInit
  readonly #queue = new ByteQueue({ minShareOfBuffer: MIN_SHARE_OF_BUFFER })
  #error: Error | undefined
  #remoteEnded = false
  #discarding = false
  #hasDropped = false
  #messages = 0
  #isDropping = false
  #isFlushing = false
  #isOver = false
  /** Of the one call that waits. */
  #waiting: PromiseWithResolvers<void> | undefined
  /** Told of news while nobody else may read. */
  #onHeldNews: (() => void) | undefined
  #discardsLater = false
  #released: Disposable | undefined

  constructor (raw: MessageStream, init: PortReaderInit) {
    this.#raw = raw
    this.#init = init
  }

  get buffered (): number {
    return this.#queue.byteLength
  }

  get error (): Error | undefined {
    return this.#error
  }

  get remoteEnded (): boolean {
    return this.#remoteEnded
  }

  /** Whether the peer has ended its direction, and nothing is left to read. */
  get ended (): boolean {
    return this.#remoteEnded && this.buffered === 0 && this.#raw.readBufferLength === 0
  }

  /** The next chunk, or null at the end. One call at a time. */
  async read (signal?: AbortSignal): Promise<Uint8Array | null> {
    signal?.throwIfAborted()

    for (;;) {
      const chunk = this.#onHeldNews == null ? this.#takeOrEnd() : this.#whileHeld()

      if (chunk !== undefined) {
        return chunk
      }

      if (this.#waiting != null) {
        throw new TypeError('a read is waiting already: read one chunk after the other')
      }

      this.#waiting = Promise.withResolvers()

      try {
        await raceSignal(this.#waiting.promise, signal)
      } finally {
        this.#waiting = undefined
      }
    }
  }

  /** Fails the call that waits, if there is one. */
  interrupt (error: Error): void {
    this.#waiting?.reject(error)
  }

  /** Until `release`, nobody reads but by `take`; who does is told by `onNews` when to look. */
  hold (onNews: () => void): void {
    this.#onHeldNews = onNews
  }

  release (): void {
    this.#onHeldNews = undefined

    if (this.#discardsLater) {
      this.discard()
    }

    this.#tell()
  }

  /** The next chunk if one is here. */
  take (): Uint8Array | undefined {
    const chunk = this.#queue.shift()

    if (chunk != null) {
      this.#count(chunk.byteLength)
      this.#unreserve(chunk.byteLength)
      this.#adjustFlow()

      return chunk
    }

    if (!this.#isPaused) {
      return undefined
    }

    // nothing of ours is left, but the raw stream may hold more
    this.#resume()

    return this.#queue.byteLength > 0 ? this.take() : undefined
  }

  /** Puts bytes back that were taken; they are the next. */
  unread (bytes: Uint8Array): void {
    if (bytes.byteLength === 0) {
      return
    }

    if (this.#discarding) {
      this.#hasDropped = true
      return
    }

    this.#queue.unshift(bytes)
    this.#reserve(bytes.byteLength)
    this.#count(-bytes.byteLength)
  }

  /** Throws away what is unread and what still comes; who reads all the same is told so. */
  discard (): void {
    if (this.#onHeldNews != null) {
      // the answer of the peer is wanted all the same: it says whether what we write is welcome
      this.#discardsLater = true
      this.#waiting?.resolve()
      return
    }

    const dropped = this.#queue.clear()

    this.#discarding = true
    this.#hasDropped ||= dropped > 0
    this.#count(dropped)
    this.#unreserve(dropped)
    this.#adjustFlow()
    this.#tell()
  }

  /** Bytes have arrived. */
  push (bytes: Uint8Array): void {
    if (this.#discarding || this.#isDropping) {
      this.#hasDropped = true
      this.#count(bytes.byteLength)
      return
    }

    this.#messages++
    this.#queue.push(bytes)
    this.#reserve(bytes.byteLength)
    this.#adjustFlow()
    this.#tell()
  }

  pushAll (bytes: Uint8Array | Uint8ArrayList): void {
    for (const chunk of chunksOf(bytes)) {
      this.push(chunk)
    }
  }

  /** The peer has ended its direction. */
  end (): void {
    this.#remoteEnded = true
    this.#tell()
  }

  /** Reading fails, now or after what is here has been read. */
  fail (error: Error, { keepUnread }: { keepUnread: boolean }): void {
    this.#error ??= error

    if (!keepUnread) {
      const dropped = this.#queue.clear()

      this.#isDropping = true
      this.#count(dropped)
      this.#unreserve(dropped)
    }

    this.#tell()
  }

  /** Takes over what a paused raw stream still holds, all of it, before that is lost. */
  flush (): void {
    this.#isFlushing = true

    if (this.#isPaused) {
      this.#resume()
    }

    this.#isFlushing = false
  }

  /** Puts what nobody has read back into the raw stream. */
  giveBack (): void {
    const unread: Uint8Array[] = []

    this.flush()

    for (let chunk = this.take(); chunk != null; chunk = this.take()) {
      unread.unshift(chunk)
    }

    for (const chunk of unread) {
      this.#raw.unshift(chunk)
    }
  }

  /** The stream is over. Who keeps it may still read, but its bytes are theirs to hold from here. */
  finish (): void {
    this.flush()
    this.#unreserve(this.#queue.byteLength)
    this.#init.onRead?.(this.#queue.byteLength)
    this.#isOver = true
    this.#released?.[Symbol.dispose]()
    this.#tell()
  }

  /** An end is only what the peer made one: to a reader, our own close must not look like it. */
  #afterDiscard (): null {
    if (this.#remoteEnded && !this.#hasDropped) {
      return null
    }

    throw closedForReading()
  }

  get #isPaused (): boolean {
    return this.#raw.readStatus === 'paused'
  }

  /** What a read comes to; undefined is nothing yet. */
  #takeOrEnd (): Uint8Array | null | undefined {
    const chunk = this.take()

    if (chunk != null) {
      return chunk
    }

    if (this.#discarding) {
      return this.#afterDiscard()
    }

    if (this.#error != null) {
      throw this.#error
    }

    return this.#remoteEnded && this.#raw.readBufferLength === 0 ? null : undefined
  }

  #whileHeld (): undefined {
    if (this.#discardsLater) {
      throw closedForReading()
    }
  }

  #tell (): void {
    if (this.#onHeldNews == null) {
      this.#waiting?.resolve()
    } else {
      this.#onHeldNews()
    }
  }

  /**
   * Never pauses inside the first message: the yamux of npm answers a new stream after it has told us
   * of that, and a pause before makes it forget the answer.
   */
  #adjustFlow (): void {
    const { highWaterBytes, lowWaterBytes, budget } = this.#init
    const isExhausted = budget?.exhausted === true

    if (this.#isOver || this.#isFlushing) {
      return
    }

    if (!this.#isPaused) {
      const isFull = this.buffered >= highWaterBytes || (isExhausted && this.buffered > 0)

      if (isFull && this.#messages > 1 && !this.#discarding) {
        this.#pause()
      }
    } else if (this.#discarding || (this.buffered <= lowWaterBytes && !isExhausted)) {
      this.#resume()
    }
  }

  #pause (): void {
    if (this.#raw.readStatus != null && this.#raw.readStatus !== 'readable') {
      return
    }

    this.#raw.pause()

    if (this.#init.budget?.exhausted === true) {
      this.#released ??= this.#init.budget.onRelease(() => { this.#adjustFlow() })
    }
  }

  #resume (): void {
    this.#released?.[Symbol.dispose]()
    this.#released = undefined

    try {
      this.#raw.resume()
    } catch {
      // the stream closed meanwhile; what it still held it handed over before it threw
    }
  }

  #count (bytes: number): void {
    this.bytesRead += bytes

    if (!this.#isOver && bytes !== 0) {
      this.#init.onRead?.(bytes)
    }
  }

  #reserve (bytes: number): void {
    if (!this.#isOver) {
      this.#init.budget?.add(bytes)
    }
  }

  #unreserve (bytes: number): void {
    if (!this.#isOver) {
      this.#init.budget?.remove(bytes)
    }
  }
}
