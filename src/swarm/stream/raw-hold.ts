import { StreamCloseEvent, StreamResetEvent } from '@libp2p/interface'
import { CodedError } from '../../base/index.ts'
import type { MessageStream, StreamMessageEvent } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/**
 * What a muxer may hold for us while it is paused, before it gives up on the stream: twice the
 * largest window of yamux, so that a stalled reader is never taken for a fault.
 */
const RAW_READ_BUFFER_BYTES = 32 * 1024 * 1024

/** Takes what a raw stream tells. The facts and their order are those of libp2p's events of the same names. */
export interface MessageSink {
  onMessage(bytes: Uint8Array | Uint8ArrayList): void
  onRemoteCloseWrite(): void
  onClose(event: StreamCloseEvent): void
  /** `drain` or `idle`. */
  onRoom(): void
}

/** Who learns what happens to a raw stream. */
export interface RawOwner extends MessageSink {
  /** The raw stream is about to be aborted, and to forget what it still holds. */
  onAbort(): void
}

/** A raw stream may tell by plain calls what others tell by events, which cost more. */
interface Telling {
  tellSink(sink: MessageSink | undefined): void
}

/** A raw stream in our hands: from here to `release` it tells its owner what happens. */
export class RawHold {
  readonly #raw: MessageStream
  readonly #owner: RawOwner
  /** Of the raw stream, as it was before us. */
  readonly #original: Pick<MessageStream, 'abort' | 'maxReadBufferLength'>

  constructor (raw: MessageStream, owner: RawOwner) {
    this.#raw = raw
    this.#owner = owner
    this.#original = { abort: raw.abort.bind(raw), maxReadBufferLength: raw.maxReadBufferLength }

    // when its peer says farewell, the yamux of npm aborts all streams, and with them what they hold for us
    raw.abort = (error) => {
      owner.onAbort()
      this.#original.abort(error)
    }

    raw.maxReadBufferLength = Math.max(raw.maxReadBufferLength, RAW_READ_BUFFER_BYTES)

    if (isTelling(raw)) {
      raw.tellSink(owner)
    } else {
      this.#listen('addEventListener')
    }
  }

  /** Tells what has happened before us: the raw stream may have ended before it came here. */
  catchUp (): void {
    const { status } = this.#raw

    if (status === 'reset') {
      this.#owner.onClose(new StreamResetEvent(new CodedError('StreamReset', 'the peer reset the stream before it was taken up')))
    } else if (status !== 'open') {
      this.#owner.onClose(new StreamCloseEvent())
    } else if ('remoteWriteStatus' in this.#raw && this.#raw.remoteWriteStatus === 'closed') {
      this.#owner.onRemoteCloseWrite()
    }
  }

  /** Aborts it, whatever it holds. */
  abort (error: Error): void {
    this.#original.abort(error)
  }

  /** From here on it tells us nothing. */
  leave (): void {
    if (isTelling(this.#raw)) {
      this.#raw.tellSink(undefined)
    } else {
      this.#listen('removeEventListener')
    }
  }

  /** The raw stream as it was. */
  release (): MessageStream {
    return Object.assign(this.#raw, this.#original)
  }

  readonly #onMessage = (event: StreamMessageEvent): void => { this.#owner.onMessage(event.data) }
  readonly #onRemoteCloseWrite = (): void => { this.#owner.onRemoteCloseWrite() }
  readonly #onClose = (event: StreamCloseEvent): void => { this.#owner.onClose(event) }
  readonly #onRoom = (): void => { this.#owner.onRoom() }

  #listen (method: 'addEventListener' | 'removeEventListener'): void {
    this.#raw[method]('message', this.#onMessage)
    this.#raw[method]('remoteCloseWrite', this.#onRemoteCloseWrite)
    this.#raw[method]('close', this.#onClose)
    this.#raw[method]('drain', this.#onRoom)
    this.#raw[method]('idle', this.#onRoom)
  }
}

function isTelling (raw: MessageStream): raw is MessageStream & Telling {
  return 'tellSink' in raw && typeof raw.tellSink === 'function'
}
