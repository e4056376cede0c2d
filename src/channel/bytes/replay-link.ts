import { resetHere } from './byte-errors.ts'
import type { ByteQueue } from '../../base/index.ts'
import type { ByteLink, ChannelReason, LinkEvents } from '../contract/index.ts'

/** What a former owner of a link was told and has not passed on. */
export interface Replay {
  readonly unread: ByteQueue
  /** Whether the other side has ended its direction behind that. */
  readonly hasEnded: boolean
  /** How the link has ended, if it has. */
  readonly end: { readonly error: Error | undefined } | undefined
}

/** A link with what its former owner left unread in front. Once that has gone it only passes calls on. */
export class ReplayLink implements ByteLink {
  readonly #link: ByteLink
  readonly #unread: ByteQueue
  #events: LinkEvents | undefined
  #end: Replay['end']
  #hasEnd: boolean
  #isPaused = true
  #isDraining = false
  #isThrough = false
  #hasClosed = false

  constructor (link: ByteLink, { unread, hasEnded, end }: Replay) {
    this.#link = link
    this.#unread = unread
    this.#hasEnd = hasEnded
    this.#end = end
  }

  attach (events: LinkEvents): void {
    this.#events = events

    if (this.#isThrough) {
      this.#link.attach(events)
    } else if (this.#end == null) {
      this.#link.attach(this.#whileReplaying)
    } else {
      // not now: whoever attaches may not be complete
      queueMicrotask(() => { this.#tellFailure() })
    }
  }

  pause (): void {
    this.#isPaused = true

    if (this.#isThrough) {
      this.#link.pause()
    }
  }

  resume (): void {
    this.#isPaused = false

    if (this.#isThrough) {
      this.#link.resume()
    } else if (!this.#isDraining) {
      this.#drain()
    }
  }

  write (bytes: Uint8Array): boolean {
    return this.#link.write(bytes)
  }

  end (): void {
    this.#link.end()
  }

  reset (reason: ChannelReason): void {
    this.#unread.clear()
    this.#hasEnd = false

    if (this.#end == null) {
      this.#link.reset(reason)
    } else if (!this.#hasClosed) {
      this.#close(resetHere(reason))
    }
  }

  readonly #whileReplaying: LinkEvents = {
    // a link that has failed may deliver what it has kept back
    onData: (bytes) => { this.#unread.push(bytes) },
    onEnd: () => { this.#hasEnd = true },
    onRoom: () => { this.#events?.onRoom() },
    onClose: (error) => {
      this.#end = { error }
      this.#link.resume()
      this.#tellFailure()

      if (!this.#isPaused && !this.#isDraining) {
        this.#drain()
      }
    }
  }

  #drain (): void {
    this.#isDraining = true

    while (!this.#isPaused && this.#unread.byteLength > 0) {
      const bytes = this.#unread.shift()

      if (bytes != null) {
        this.#events?.onData(bytes)
      }
    }

    this.#isDraining = false

    if (!this.#isPaused) {
      this.#goOn()
    }
  }

  /** Nothing is left to replay but the end. */
  #goOn (): void {
    if (this.#hasEnd) {
      this.#hasEnd = false
      this.#events?.onEnd()
    }

    if (this.#end != null) {
      this.#close(this.#end.error)
    } else if (this.#events != null && !this.#isThrough) {
      this.#isThrough = true
      this.#link.attach(this.#events)
      this.#link.resume()
    }
  }

  /** An error is not held back by a pause; a graceful end comes behind the bytes. */
  #tellFailure (): void {
    if (this.#end?.error != null) {
      this.#close(this.#end.error)
    }
  }

  #close (error: Error | undefined): void {
    if (!this.#hasClosed) {
      this.#hasClosed = true
      this.#events?.onClose(error)
    }
  }
}
