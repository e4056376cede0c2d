import { chunksOf } from '../../../base/index.ts'
import { encodeHeaderBlock } from './header-block.ts'
import { resetError } from './stream-errors.ts'
import type { MessageSink } from '../../../message-stream/index.ts'
import type { YamuxStream } from '../../../yamux/index.ts'
import type { ChannelReason, LinkEvents, ProviderStream, StreamHeaders } from '../../contract/index.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

/** What may be written to a stream that is not open yet, before `write` says to wait. */
const MAX_EARLY_BYTES = 64 * 1024

/** Shared by those that hold nothing: it is never added to. */
const NOTHING_HELD: Uint8Array[] = []

const NO_HEADERS: StreamHeaders = Object.freeze({})

export interface MuxStreamHost {
  /** What an ending means to whoever uses the stream. */
  explain(error: Error): Error
  /** Neither side uses it any more. */
  onEnded(stream: MuxStream): void
}

/**
 * A stream of a multiplexer as a link. One of ours can be used before it is open: what is written until then
 * waits here. Its headers, which go first, leave in any case: the other side may hear of the stream in a
 * message, and has to learn that it was reset. Those of the other side are read by the `HeaderAcceptor`.
 */
export class MuxStream implements ProviderStream, MessageSink {
  readonly #host: MuxStreamHost
  #headers: StreamHeaders
  #raw: YamuxStream | undefined
  #events: LinkEvents | undefined
  #isPaused = true
  #isDelivering = false
  /** Whether a microtask will go on with the delivery. */
  #isFlowing = false
  /** Came while paused, or within one delivery; at most one window of the stream. Those before `#head` were told. */
  #held: Uint8Array[] = NOTHING_HELD
  #head = 0
  /** Until it is open, and its first write has left. */
  #early: Uint8Array[]
  #earlyBytes: number
  #phase: 'new' | 'opening' | 'announcing' | 'open' | 'left' = 'new'
  /** By which it is to be reset when it has been announced. */
  #resetLater: Error | undefined
  #needsRoom = false
  #isEnding = false
  /** By this side: nothing is told any more but the close. */
  #isReset = false
  /** How far the other side's end is: it came, and then it was told. */
  #remoteEnd: 'none' | 'come' | 'told' = 'none'
  #end: { readonly error: Error | undefined } | undefined
  #hasToldEnd = false
  #flushed: PromiseWithResolvers<void> | undefined

  /** With headers, one of ours. */
  constructor (host: MuxStreamHost, headers?: StreamHeaders) {
    const block = headers == null ? undefined : encodeHeaderBlock(headers)

    this.#host = host
    this.#headers = headers ?? NO_HEADERS
    this.#early = block == null ? [] : [block]
    this.#earlyBytes = block?.byteLength ?? 0
  }

  get headers (): StreamHeaders {
    return this.#headers
  }

  /** Bytes that wait to be sent. */
  get pendingBytes (): number {
    return this.#earlyBytes + (this.#raw?.writeBufferLength ?? 0)
  }

  attach (events: LinkEvents): void {
    this.#events = events
    this.#flowSoon()
  }

  pause (): void {
    this.#isPaused = true
    this.#raw?.pause()
  }

  resume (): void {
    this.#isPaused = false
    this.#flowSoon()
  }

  write (bytes: Uint8Array): boolean {
    if (this.#isEnding || this.#end != null) {
      return true
    }

    const hasRoom = this.#raw == null || this.#phase === 'announcing' ? this.#keepEarly(bytes) : this.#raw.send(bytes)

    this.#needsRoom = !hasRoom

    return hasRoom
  }

  end (): void {
    if (!this.#isEnding && this.#end == null) {
      this.#isEnding = true
      this.#endRaw()
    }
  }

  reset (reason: ChannelReason): void {
    if (this.#end != null) {
      return
    }

    const error = resetError(reason)

    this.#isReset = true
    this.#forgetUnread()

    if (this.#phase === 'open') {
      this.#raw?.abort(error)
    } else if (this.#phase === 'new') {
      this.#finish(error)
    } else {
      this.#resetLater = error
      this.#setEnd(error)
    }
  }

  /** It will be adopted, or fail. */
  begin (): void {
    this.#phase = 'opening'
  }

  /** It is open. */
  adopt (raw: YamuxStream): void {
    if (this.#phase === 'left') {
      raw.abort(this.#end?.error ?? new Error('the stream has ended'))
      return
    }

    if (raw.status !== 'open') {
      this.#finish(new Error(`the stream was ${raw.status} before it was used`))
      return
    }

    this.#raw = raw

    if (this.#isPaused || this.#events == null) {
      raw.pause()
    }

    raw.addSink(this)
    this.#announce(raw)
  }

  /** Ends it with `error`, which the peer is told as a reset if it has a `resetCode`. What has arrived can still be read. */
  fail (error: Error): void {
    if (this.#raw == null) {
      this.#finish(error)
    } else {
      this.#raw.resume() // an abort throws away what is unread, unless it is held here
      this.#raw.abort(error)
    }
  }

  /** Resolves when all that was written has left, the end included, or never will. */
  async flush (): Promise<void> {
    if (this.#end == null && this.#isUnsent) {
      this.#flushed ??= Promise.withResolvers()
      await this.#flushed.promise
    }
  }

  /** The headers of the other side's stream, and what came behind them, which is the first to be read. */
  begun (headers: StreamHeaders, rest: Uint8Array): void {
    this.#headers = headers
    this.#events = undefined // what comes is for who attaches next

    if (rest.byteLength > 0) {
      this.#held = [rest, ...this.#held.slice(this.#head)]
      this.#head = 0
    }
  }

  onMessage (bytes: Uint8Array | Uint8ArrayList): void {
    if (this.#held === NOTHING_HELD) {
      this.#held = []
    }

    for (const chunk of chunksOf(bytes)) {
      this.#held.push(chunk)
    }

    this.#deliver()
  }

  onDrain (): void {
    this.#tellRoom()
  }

  onIdle (): void {
    if (this.#phase === 'announcing' && this.#raw != null) {
      this.#onAnnounced(this.#raw)
    }

    this.#checkFlushed()
  }

  onReadEnd (): void {
    if (this.#raw?.remoteWriteStatus === 'closed' && this.#remoteEnd === 'none' && !this.#isReset) {
      this.#remoteEnd = 'come'
      this.#deliver()
    }
  }

  onClose (error: Error | undefined): void {
    this.#raw?.resume() // what is unread comes here: only then is it known whether there is any
    this.#finish(error)
  }

  /** Whether something that was written, or the end behind it, has not left. */
  get #isUnsent (): boolean {
    return this.#raw == null || this.pendingBytes > 0 || (this.#isEnding && this.#raw.writeStatus !== 'closed')
  }

  #keepEarly (bytes: Uint8Array): boolean {
    this.#early.push(bytes)
    this.#earlyBytes += bytes.byteLength

    return this.#earlyBytes < MAX_EARLY_BYTES
  }

  #announce (raw: YamuxStream): void {
    const first = this.#early.shift()

    if (first != null) {
      this.#earlyBytes -= first.byteLength
      raw.send(first)
    }

    if (raw.writeBufferLength === 0) {
      this.#onAnnounced(raw)
    } else {
      this.#phase = 'announcing'
    }
  }

  #onAnnounced (raw: YamuxStream): void {
    this.#phase = 'open'

    if (this.#resetLater == null) {
      this.#sendEarly(raw)
    } else {
      raw.abort(this.#resetLater)
    }
  }

  #sendEarly (raw: YamuxStream): void {
    let hasRoom = true

    for (const bytes of this.#early) {
      hasRoom = raw.send(bytes)
    }

    this.#early = []
    this.#earlyBytes = 0

    if (this.#isEnding) {
      this.#endRaw()
    } else if (hasRoom) {
      this.#tellRoom()
    }

    this.#checkFlushed()
  }

  #endRaw (): void {
    if (this.#phase !== 'open') {
      return // behind what waits here
    }

    this.#raw?.endWrite()
  }

  #checkFlushed (): void {
    if (this.#flushed != null && !this.#isUnsent) {
      this.#flushed.resolve()
    }
  }

  #tellRoom (): void {
    if (this.#needsRoom) {
      this.#needsRoom = false
      this.#events?.onRoom()
    }
  }

  /** In a microtask: nobody expects to be called back by what they call. */
  #flowSoon (): void {
    if (!this.#isFlowing && this.#events != null) {
      this.#isFlowing = true
      queueMicrotask(() => { this.#flow() })
    }
  }

  #flow (): void {
    this.#isFlowing = false
    this.#deliver()

    if (!this.#isPaused) {
      this.#raw?.resume()
    }
  }

  #forgetUnread (): void {
    this.#held = NOTHING_HELD
    this.#head = 0

    if (this.#remoteEnd === 'come') {
      this.#remoteEnd = 'none'
    }
  }

  /** Neither side uses it any more. */
  #finish (error: Error | undefined): void {
    if (this.#phase === 'left') {
      return
    }

    this.#phase = 'left'
    this.#early = []
    this.#earlyBytes = 0
    this.#host.onEnded(this)
    this.#setEnd(error)
  }

  #setEnd (error: Error | undefined): void {
    if (this.#end == null) {
      this.#end = { error: error == null ? undefined : this.#host.explain(error) }
      this.#flushed?.resolve()
      this.#flowSoon()
    }
  }

  /** Gives what is here to whoever is attached, and tells of the ends behind it. */
  #deliver (): void {
    if (this.#isDelivering || this.#events == null) {
      return // the loop below goes on when the call that brought us here returns
    }

    this.#isDelivering = true

    try {
      while (!this.#isPaused && this.#head < this.#held.length) {
        this.#events.onData(this.#held[this.#head++] as Uint8Array)
      }
    } finally {
      this.#isDelivering = false
    }

    if (this.#head === this.#held.length) {
      this.#held = NOTHING_HELD
      this.#head = 0
      this.#tellEnds()
    } else if (this.#end != null) {
      this.#tellRoom() // the end is told behind the data, but nobody is to wait for room until then
    }
  }

  /** All that came was told. */
  #tellEnds (): void {
    if (!this.#isPaused && this.#remoteEnd === 'come') {
      this.#remoteEnd = 'told'
      this.#events?.onEnd()
    }

    // an end that has come is told even where a failure followed
    if (this.#end != null && !this.#hasToldEnd && this.#remoteEnd !== 'come') {
      this.#hasToldEnd = true
      this.#events?.onClose(this.#end.error)
    }
  }
}
