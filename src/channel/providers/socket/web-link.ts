import { CodedError, toError } from '../../../base/index.ts'
import { ChannelError, describeReason } from '../../contract/index.ts'
import type { ByteLink, ChannelReason, LinkEvents } from '../../contract/index.ts'

export interface WebStreamPair {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

/**
 * A byte link over WHATWG streams, which are the link's from here on.
 *
 * @throws TypeError when somebody has a reader or writer of them
 */
export class WebLink implements ByteLink {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  #events: LinkEvents | undefined
  #isPaused = true
  #isReading = false
  #isEnding = false
  #hasFinished = false
  #needsRoom = false
  /** Came while paused. */
  #held: Uint8Array | undefined
  /** How far the other side's end is: it came, and then it was told. */
  #remoteEnd: 'none' | 'come' | 'told' = 'none'
  #end: { readonly error: Error | undefined } | undefined
  #hasToldEnd = false

  constructor ({ readable, writable }: WebStreamPair) {
    this.#reader = readable.getReader()
    this.#writer = writable.getWriter()
    this.#writer.closed.catch(this.#lose)
    this.#reader.closed.catch(() => {}) // `read` says the same
  }

  attach (events: LinkEvents): void {
    this.#events = events
    this.#flowSoon()
  }

  pause (): void {
    this.#isPaused = true
  }

  resume (): void {
    this.#isPaused = false
    this.#flowSoon()
  }

  write (bytes: Uint8Array): boolean {
    if (this.#isEnding || this.#end != null) {
      return true
    }

    this.#writer.write(bytes).catch(() => {}) // `closed` says the same

    if ((this.#writer.desiredSize ?? 0) > 0) {
      return true
    }

    if (!this.#needsRoom) {
      this.#needsRoom = true
      this.#writer.ready.then(this.#onRoom, () => {})
    }

    return false
  }

  end (): void {
    if (!this.#isEnding && this.#end == null) {
      this.#isEnding = true
      this.#writer.close().then(() => {
        this.#hasFinished = true
        this.#flowSoon()
      }, this.#lose)
    }
  }

  reset (reason: ChannelReason): void {
    this.#held = undefined

    if (this.#remoteEnd === 'come') {
      this.#remoteEnd = 'none'
    }

    this.#finish(new ChannelError('StreamAborted', `the connection was reset here: ${describeReason(reason)}`, { reason }))
  }

  readonly #onRoom = (): void => {
    this.#needsRoom = false

    if (this.#end == null && !this.#isEnding) {
      this.#events?.onRoom()
    }
  }

  /** In a microtask: nobody expects to be called back by what they call. */
  #flowSoon (): void {
    if (this.#events != null) {
      queueMicrotask(this.#flow)
    }
  }

  readonly #flow = (): void => {
    const held = this.#held

    if (this.#isPaused && (held != null || this.#remoteEnd === 'come')) {
      return
    }

    if (held != null) {
      this.#held = undefined
      this.#events?.onData(held)
    }

    this.#tellEnds()

    if (!this.#isPaused) {
      this.#read()
    }
  }

  #tellEnds (): void {
    if (this.#remoteEnd === 'come' && !this.#isPaused) {
      this.#remoteEnd = 'told'
      this.#events?.onEnd()
    }

    if (this.#hasFinished && this.#remoteEnd === 'told') {
      this.#finish(undefined)
    }

    if (this.#end != null && !this.#hasToldEnd && this.#remoteEnd !== 'come') {
      this.#hasToldEnd = true
      this.#events?.onClose(this.#end.error)
    }
  }

  #read (): void {
    if (!this.#isReading && this.#remoteEnd === 'none' && this.#end == null) {
      this.#isReading = true
      this.#reader.read().then(this.#onRead, this.#lose)
    }
  }

  readonly #onRead = ({ done, value }: ReadableStreamReadResult<Uint8Array>): void => {
    this.#isReading = false

    if (this.#end != null) {
      return
    }

    if (done) {
      this.#remoteEnd = 'come'
    } else if (value instanceof Uint8Array) {
      this.#held = value
    } else {
      this.#finish(new CodedError('ProtocolViolation', `a byte link needs a stream of bytes, received ${typeof value}`))
    }

    this.#flow()
  }

  readonly #lose = (thrown: unknown): void => {
    const error = toError(thrown)

    this.#finish(new CodedError('ConnectionLost', error.message, { cause: error }))
  }

  /** All is told from here on; nothing of the streams stays open. */
  #finish (error: Error | undefined): void {
    if (this.#end == null) {
      this.#end = { error }
      this.#reader.cancel(error).catch(() => {})
      this.#writer.abort(error).catch(() => {})
      this.#flowSoon()
    }
  }
}
