import { ChannelError, describeReason } from '../../contract/index.ts'
import type { ChannelReason, LinkEvents, ProviderStream, StreamHeaders } from '../../contract/index.ts'

interface LinkInit {
  headers: StreamHeaders
  /** What may lie unread at the other end before `write` returns false. */
  bufferBytes: number
  /** Called once, when both directions have ended. */
  onGone(link: MemoryLink): void
}

/** Places of chunks that were taken lie in front of the others, and are cut off when they are many and the half. */
const MIN_CUT = 64
const NOTHING = new Uint8Array(0)

/**
 * One end of a stream in memory. What is written lies in the inbox of the other end, and is delivered in a
 * microtask, so that no call of one side runs inside a call of the other.
 */
export class MemoryLink implements ProviderStream {
  readonly headers: StreamHeaders
  readonly #bufferBytes: number
  readonly #onGone: (link: MemoryLink) => void
  #other: MemoryLink | undefined
  #events: LinkEvents | undefined
  #paused = true
  #scheduled = false
  #inbox: Uint8Array[] = []
  #taken = 0
  #inboxBytes = 0
  /** Of the other side's direction: it has ended, and we have said so. */
  #endArrived = false
  #endTold = false
  /** Of our direction: it has ended, and the writer waits for room. */
  #ended = false
  #full = false
  #failure: Error | undefined
  #closeTold = false
  #gone = false

  constructor ({ headers, bufferBytes, onGone }: LinkInit) {
    this.headers = headers
    this.#bufferBytes = bufferBytes
    this.#onGone = onGone
  }

  static join (a: MemoryLink, b: MemoryLink): void {
    a.#other = b
    b.#other = a
  }

  attach (events: LinkEvents): void {
    this.#events = events
    this.#schedule()
  }

  pause (): void {
    this.#paused = true
  }

  resume (): void {
    this.#paused = false
    this.#schedule()
  }

  write (bytes: Uint8Array): boolean {
    const other = this.#other

    if (other == null || this.#ended || this.#failure != null || other.#failure != null) {
      return true
    }

    if (bytes.byteLength > 0) {
      other.#inbox.push(bytes)
      other.#inboxBytes += bytes.byteLength
      other.#schedule()
    }

    this.#full = other.#inboxBytes > this.#bufferBytes

    return !this.#full
  }

  end (): void {
    if (this.#ended || this.#failure != null) {
      return
    }

    this.#ended = true
    this.#schedule()

    if (this.#other != null) {
      this.#other.#endArrived = true
      this.#other.#schedule()
    }
  }

  endWith (reason: ChannelReason): void {
    // all that was written is in the other inbox, and a reset does not take it from there
    this.reset(reason)
  }

  reset (reason: ChannelReason): void {
    // nothing more is delivered, even if the other side has ended it already
    this.#inbox = []
    this.#taken = 0
    this.#inboxBytes = 0
    this.#endArrived = this.#endTold
    this.#schedule()

    if (this.#gone) {
      return
    }

    const options = { reason }

    this.#other?.fail(new ChannelError('StreamReset', `the other side reset the stream: ${describeReason(reason)}`, options))
    this.fail(new ChannelError('StreamAborted', `the stream was reset here: ${describeReason(reason)}`, options))
  }

  /** Ends both directions; `onClose` comes with this error, behind what had arrived. */
  fail (error: Error): void {
    if (this.#gone) {
      return
    }

    this.#failure = error
    this.#leave()
    this.#schedule()
  }

  #schedule (): void {
    if (!this.#scheduled && this.#events != null && !this.#closeTold) {
      this.#scheduled = true
      queueMicrotask(this.#deliver)
    }
  }

  readonly #deliver = (): void => {
    this.#scheduled = false

    while (!this.#paused && this.#taken < this.#inbox.length) {
      this.#deliverChunk()
    }

    if (this.#taken < this.#inbox.length) {
      return
    }

    if (this.#endArrived && !this.#endTold && !this.#paused) {
      this.#endTold = true
      this.#events?.onEnd()
    }

    this.#close()
  }

  #deliverChunk (): void {
    const chunk = this.#inbox[this.#taken] ?? NOTHING

    this.#inbox[this.#taken++] = NOTHING // lets go of the bytes

    if (this.#taken === this.#inbox.length) {
      this.#inbox = []
      this.#taken = 0
    } else if (this.#taken >= MIN_CUT && this.#taken * 2 >= this.#inbox.length) {
      this.#inbox = this.#inbox.slice(this.#taken)
      this.#taken = 0
    }

    this.#inboxBytes -= chunk.byteLength
    this.#events?.onData(chunk)
    this.#other?.tellRoom(this.#inboxBytes)
  }

  /** The other end delivered what we wrote, down to so many bytes. */
  tellRoom (unread: number): void {
    if (this.#full && unread <= this.#bufferBytes / 2) {
      this.#full = false
      this.#events?.onRoom()
    }
  }

  #close (): void {
    const graceful = this.#ended && this.#endTold
    // an end that came before the failure is told before it, and waits for `resume` like bytes do
    const owesEnd = this.#endArrived && !this.#endTold

    if (this.#closeTold || owesEnd || (this.#failure == null && !graceful)) {
      return
    }

    const failure = this.#failure

    this.#closeTold = true
    this.#leave()
    this.#events?.onClose(failure)
  }

  #leave (): void {
    if (!this.#gone) {
      this.#gone = true
      this.#onGone(this)
    }
  }
}
