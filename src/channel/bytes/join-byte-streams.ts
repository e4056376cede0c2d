import { REASON_CODE, toReason } from '../contract/index.ts'
import { LinkByteStream } from './link-byte-stream.ts'
import { takeLink } from './take-byte-stream.ts'
import type { ByteLink, ByteStream, ChannelReason, LinkEvents, StreamDirection } from '../contract/index.ts'

/**
 * Connects two byte streams, so that what comes from one goes to the other, with the back-pressure of both;
 * spec-channel 10.4. `direction` says what `a` is for: from `readable` it only goes to `b`, and to
 * `writable` it only comes from `b`. An end is passed on as an end, a reset with its reason, and any other
 * failure, as the loss of a connection, as a reset with `failed`.
 *
 * Both streams are moved. Resolves when both directions have ended, with the first error if that was not
 * graceful, and never rejects.
 *
 * @throws at once, and changes nothing: CodedError ChannelMoved, StreamClosed when one of them cannot be
 * moved; TypeError when both are the same
 */
export function joinByteStreams (a: ByteStream, b: ByteStream, direction: StreamDirection): Promise<Error | undefined> {
  if (a === b) {
    throw new TypeError('a byte stream cannot be connected to itself')
  }

  for (const stream of [a, b]) {
    if (stream instanceof LinkByteStream) {
      stream.assertMovable()
    }
  }

  return joinLinks(takeLink(a), takeLink(b), direction)
}

/** As `joinByteStreams`, of what is beneath. When `signal` aborts, both are reset with its reason. */
export function joinLinks (a: ByteLink, b: ByteLink, direction: StreamDirection, signal?: AbortSignal): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      const reason = toReason(signal?.reason, REASON_CODE.cancelled)

      nearA.cut(reason)
      nearB.cut(reason)
    }
    const onEnd = (error: Error | undefined): void => {
      signal?.removeEventListener('abort', onAbort)
      resolve(error)
    }
    const joint: Joint = { open: 2, error: undefined, resolve: onEnd }
    const [nearA, nearB] = [new JoinedEnd(a, joint), new JoinedEnd(b, joint)]

    signal?.addEventListener('abort', onAbort, { once: true })

    // attached both before anything else happens: the events of one are calls to the other
    nearA.connect(nearB, direction !== 'writable')
    nearB.connect(nearA, direction !== 'readable')
    nearA.endUnused()
    nearB.endUnused()
    a.resume()
    b.resume()

    if (signal?.aborted === true) {
      onAbort()
    }
  })
}

interface Joint {
  /** Ends that have not ended. */
  open: number
  error: Error | undefined
  resolve(error: Error | undefined): void
}

class JoinedEnd implements LinkEvents {
  readonly #link: ByteLink
  readonly #joint: Joint
  #other: JoinedEnd = this
  /** Whether what comes from here is wanted on the other side. */
  #isSource = false
  /** Whether this link waits until the other has room. */
  #isHeld = false
  /** Whether the other has no room. */
  #isFull = false
  #hasEnded = false
  #isClosed = false
  /** What this is reset with as soon as it has room. */
  #dueReason: ChannelReason | undefined

  constructor (link: ByteLink, joint: Joint) {
    this.#link = link
    this.#joint = joint
  }

  connect (other: JoinedEnd, isSource: boolean): void {
    this.#other = other
    this.#isSource = isSource
    this.#link.attach(this)
  }

  /** Ends the other link's direction, if nothing goes on to it; spec-channel 10.2. */
  endUnused (): void {
    if (!this.#isSource) {
      this.#other.#end()
    }
  }

  cut (reason: ChannelReason): void {
    this.#reset(reason)
  }

  onData (bytes: Uint8Array): void {
    if (this.#isSource && !this.#other.#write(bytes)) {
      this.#isHeld = true
      this.#link.pause()
    }
  }

  onEnd (): void {
    this.#other.#end()
  }

  onRoom (): void {
    this.#isFull = false

    if (this.#dueReason != null) {
      this.#reset(this.#dueReason)
    } else if (this.#other.#isHeld) {
      this.#other.#isHeld = false
      this.#other.#link.resume()
    }
  }

  onClose (error?: Error): void {
    if (this.#isClosed) {
      return
    }

    this.#isClosed = true

    if (error != null) {
      this.#joint.error ??= error
      this.#other.#reset(toReason(error, REASON_CODE.failed))
    } else if (!this.#hasEnded) {
      // it has ended its direction by itself, and takes no more
      this.#other.#resetBehind({ code: REASON_CODE.cancelled, message: 'what this was connected to has closed' })
    }

    if (--this.#joint.open === 0) {
      this.#joint.resolve(this.#joint.error)
    }
  }

  /** Whether there is room for more. */
  #write (bytes: Uint8Array): boolean {
    if (!this.#isClosed) {
      this.#isFull = !this.#link.write(bytes)
    }

    return !this.#isFull
  }

  #end (): void {
    if (!this.#hasEnded && !this.#isClosed) {
      this.#hasEnded = true
      this.#link.end()
    }
  }

  #reset (reason: ChannelReason): void {
    if (!this.#isClosed) {
      this.#link.reset(reason)
    }
  }

  /** Resets when what was written has left, as far as one can tell. */
  #resetBehind (reason: ChannelReason): void {
    if (this.#isFull) {
      this.#dueReason = reason
    } else {
      // one turn later, as links may send an end with the turn after it
      queueMicrotask(() => { this.#reset(reason) })
    }
  }
}
