import { MAX_WAITING_CONTROL_BYTES } from './constants.ts'
import { FrameBatch } from './frame-batch.ts'
import type { ByteLink } from '../../contract/index.ts'

/**
 * A batch that is not full leaves when nothing was added to it for so many turns of the microtask queue:
 * enough for a loop that awaits each message through a few async functions.
 */
const QUIET_TURNS = 8

/** A batch of so many bytes is full. */
const BATCH_BYTES = 64 * 1024

/** A stream that has something to send. */
export interface FrameSource {
  /** Adds the frame that opens the stream. */
  announce(batch: FrameBatch): void
  /** Adds at most one frame of data. Whether there is more to send now. */
  fill(batch: FrameBatch): boolean
  /** After `offerRoom`, outside of all else. */
  onRoom(): void
}

/**
 * The sending half of a connection. Frames gather until the tick has become quiet, or are many; a link
 * without room gets nothing. Control frames come before the data that waits.
 */
export class Outbox {
  readonly #link: ByteLink
  readonly #onFlood: () => void
  readonly #batch = new FrameBatch()
  /** Streams that are to be opened when there is room, in that order. */
  readonly #unannounced = new Set<FrameSource>()
  readonly #ready = new Set<FrameSource>()
  /** Streams whose writers waited and may go on. */
  readonly #roomy = new Set<FrameSource>()
  #isSaturated = false
  /** Whether room was told since the last write began; it may be within. */
  #hasRoom = false
  #isFlushing = false
  #isTelling = false
  #isDead = false
  #isGathering = false
  /** Until the batch leaves, if nothing is added to it. */
  #turnsLeft = 0
  #onIdle: (() => void) | undefined

  /** `onFlood` is called when more control frames wait than a peer that reads can cause. */
  constructor (link: ByteLink, onFlood: () => void) {
    this.#link = link
    this.#onFlood = onFlood
  }

  sendControl (frame: Uint8Array): void {
    if (this.#isDead) {
      return
    }

    this.#batch.add(frame)

    if (this.#isSaturated && this.#batch.byteLength > MAX_WAITING_CONTROL_BYTES) {
      this.#onFlood()
      return
    }

    this.#gather()
  }

  /** Opens a stream, before others and before the data that waits. */
  announce (source: FrameSource): void {
    if (this.#isSaturated) {
      this.#unannounced.add(source)
    } else if (!this.#isDead) {
      source.announce(this.#batch)
      this.#gather()
    }
  }

  /** `source` has something to send, of so many bytes. */
  want (source: FrameSource, bytes: number): void {
    if (this.#isDead) {
      return
    }

    this.#ready.add(source)

    if (bytes >= BATCH_BYTES) {
      this.#flush()
    } else {
      this.#gather()
    }
  }

  /** Tells `source`, whose bytes have left, that it has room. */
  offerRoom (source: FrameSource): void {
    this.#roomy.add(source)
  }

  remove (source: FrameSource): void {
    this.#unannounced.delete(source)
    this.#ready.delete(source)
    this.#roomy.delete(source)
  }

  /** The link has room. */
  onRoom (): void {
    this.#hasRoom = true
    this.#isSaturated = false
    this.#flush()
  }

  /** Calls `fn` whenever the link has been given all; streams that wait for credit do not count. */
  whenIdle (fn: () => void): void {
    this.#onIdle = fn
    this.#flush()
  }

  /** Sends what gathers and a last frame, room or not, and nothing any more. */
  finish (last: Uint8Array): void {
    if (!this.#isDead) {
      this.#batch.add(last)
      this.#write()
      this.stop()
    }
  }

  stop (): void {
    this.#isDead = true
    this.#batch.take()
    this.#unannounced.clear()
    this.#ready.clear()
    this.#roomy.clear()
    this.#onIdle = undefined
  }

  /** Lets the batch leave when the tick has become quiet. */
  #gather (): void {
    this.#turnsLeft = QUIET_TURNS

    if (!this.#isGathering && !this.#isSaturated) {
      this.#isGathering = true
      queueMicrotask(this.#onTurn)
    }
  }

  readonly #onTurn = (): void => {
    this.#turnsLeft--

    if (this.#turnsLeft > 0) {
      queueMicrotask(this.#onTurn)
    } else {
      this.#isGathering = false
      this.#flush()
    }
  }

  #flush (): void {
    if (this.#isFlushing) {
      return // the loop below takes it along, in order
    }

    this.#isFlushing = true

    try {
      while (!this.#isSaturated && !this.#isDead && this.#fill()) {
        this.#write()
      }
    } finally {
      this.#isFlushing = false
    }

    this.#tellRoom()
    this.#tellIdle()
  }

  /** Whether there is something in the batch now. */
  #fill (): boolean {
    for (const source of this.#unannounced) {
      this.#unannounced.delete(source)
      source.announce(this.#batch)
    }

    for (const source of this.#ready) {
      if (this.#batch.byteLength >= BATCH_BYTES) {
        break
      }

      this.#ready.delete(source)

      if (source.fill(this.#batch)) {
        this.#ready.add(source) // behind the others
      }
    }

    return this.#batch.byteLength > 0
  }

  #write (): void {
    this.#hasRoom = false

    let hasRoom = true

    for (const piece of this.#batch.take()) {
      hasRoom = this.#link.write(piece)
    }

    this.#isSaturated = !hasRoom && !this.#hasRoom
  }

  #tellRoom (): void {
    if (this.#isTelling) {
      return // the loop below goes on with those that were added
    }

    this.#isTelling = true

    try {
      for (const source of this.#roomy) {
        this.#roomy.delete(source)
        source.onRoom()
      }
    } finally {
      this.#isTelling = false
    }
  }

  #tellIdle (): void {
    if (this.#onIdle != null && this.#ready.size === 0 && this.#unannounced.size === 0) {
      this.#onIdle()
    }
  }
}
