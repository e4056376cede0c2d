import { CodedError } from '../../base/index.ts'
import { attachSink } from '../../message-stream/index.ts'
import type { MessageSink } from '../../message-stream/index.ts'
import type { MessageStream } from '@libp2p/interface'

/**
 * What a muxer may hold for us while it is paused, before it gives up on the stream: twice the
 * largest window of yamux, so that a stalled reader is never taken for a fault.
 */
const RAW_READ_BUFFER_BYTES = 32 * 1024 * 1024

/** Who learns what happens to a raw stream. */
export interface RawOwner extends Required<MessageSink> {
  /** The raw stream is about to be aborted, and to forget what it still holds. */
  onAbort(): void
}

/** A raw stream in our hands: from here to `release` it tells its owner what happens. */
export class RawHold {
  readonly #raw: MessageStream
  readonly #owner: RawOwner
  /** Of the raw stream, as it was before us. */
  readonly #abort: MessageStream['abort']
  /** As above. */
  readonly #maxReadBufferLength: number
  readonly #detach: () => void

  constructor (raw: MessageStream, owner: RawOwner) {
    this.#raw = raw
    this.#owner = owner
    this.#abort = raw.abort.bind(raw)
    this.#maxReadBufferLength = raw.maxReadBufferLength

    // when its peer says farewell, the yamux of npm aborts all streams, and with them what they hold for us
    const abort = (error: Error): void => {
      owner.onAbort()
      this.#abort(error)
    }

    raw.abort = abort

    raw.maxReadBufferLength = Math.max(raw.maxReadBufferLength, RAW_READ_BUFFER_BYTES)

    this.#detach = attachSink(raw, owner)
  }

  /** Tells what has happened before us: the raw stream may have ended before it came here. */
  catchUp (): void {
    const { status } = this.#raw

    if (status === 'reset') {
      this.#owner.onClose(new CodedError('StreamReset', 'the peer reset the stream before it was taken up'), false)
    } else if (status !== 'open') {
      this.#owner.onClose(undefined, true)
    } else if ('remoteWriteStatus' in this.#raw && this.#raw.remoteWriteStatus === 'closed') {
      this.#owner.onRemoteEnd()
    }
  }

  /** Aborts it, whatever it holds. */
  abort (error: Error): void {
    this.#abort(error)
  }

  /** From here on it tells us nothing. */
  leave (): void {
    this.#detach()
  }

  /** The raw stream as it was. */
  release (): MessageStream {
    return Object.assign(this.#raw, { abort: this.#abort, maxReadBufferLength: this.#maxReadBufferLength })
  }
}
