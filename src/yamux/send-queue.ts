import { TransientSet } from '../base/index.ts'
import { FLAG, FRAME_TYPE, MAX_OUTSTANDING_PINGS, MAX_QUEUED_PONGS, MAX_QUEUED_RESETS } from './constants.ts'
import { YamuxProtocolError } from './errors.ts'
import type { FrameBatch } from './frame-batch.ts'

/** A stream, as far as the queue is concerned. */
export interface FrameSource {
  /** Adds at most one frame without payload, for what the stream has to tell. */
  addControl(batch: FrameBatch): void
  /** Adds at most one data frame, of at most `batch.room` bytes. Whether there is more to send now. */
  addData(batch: FrameBatch): boolean
}

/**
 * What waits to be sent on a connection, and in which order: first the frames of the session, then
 * control frames of streams, which are few and short, then data, one frame a stream in turn; yamux 3.8
 * and 4. Streams keep their bytes themselves, so that this is bounded by their number.
 */
export class SendQueue {
  readonly #resets: Array<{ streamId: number, code: number }> = []
  readonly #pongs: number[] = []
  readonly #pings: number[] = []
  readonly #control = new TransientSet<FrameSource>()
  readonly #data = new TransientSet<FrameSource>()
  #goAway: { code: number, onSent(): void } | undefined

  get isEmpty (): boolean {
    return this.#control.size === 0 && this.#data.size === 0 && this.#resets.length === 0 &&
      this.#pings.length === 0 && this.#pongs.length === 0 && this.#goAway == null
  }

  addPing (value: number): void {
    pushBounded(this.#pings, value, MAX_OUTSTANDING_PINGS)
  }

  /** Of more answers than 16, the newest are kept: the peer waits for those; yamux 4.2. */
  addPong (value: number): void {
    pushBounded(this.#pongs, value, MAX_QUEUED_PONGS)
  }

  /** @throws YamuxProtocolError `controlFlood` */
  addReset (streamId: number, code: number): void {
    if (this.#resets.length >= MAX_QUEUED_RESETS) {
      throw new YamuxProtocolError('controlFlood', `the peer must read what it makes us send: ${this.#resets.length} streams wait to be reset`)
    }

    this.#resets.push({ streamId, code })
  }

  /** Behind all else that waits. */
  addGoAway (code: number, onSent: () => void): void {
    this.#goAway = { code, onSent }
  }

  /** `source` has something to tell. */
  addControl (source: FrameSource): void {
    this.#control.add(source)
  }

  /** `source` has data that may be sent. It takes its turn behind those that waited before. */
  addData (source: FrameSource): void {
    this.#data.add(source)
  }

  /** Forgets a stream. */
  remove (source: FrameSource): void {
    this.#control.delete(source)
    this.#data.delete(source)
  }

  clear (): void {
    this.#resets.length = this.#pongs.length = this.#pings.length = 0
    this.#goAway = undefined
    this.#control.clear()
    this.#data.clear()
  }

  /** Moves frames into `batch` until that is full or nothing waits. */
  fill (batch: FrameBatch): void {
    while (!batch.isFull && !this.isEmpty) {
      this.#fillSession(batch)
      this.#fillControl(batch)
      this.#fillData(batch)

      // behind all else, of which some may have come up meanwhile
      if (this.#waitingStreams === 0) {
        this.#fillGoAway(batch)
      }
    }
  }

  get #waitingStreams (): number {
    return this.#control.size + this.#data.size
  }

  #fillSession (batch: FrameBatch): void {
    while (!batch.isFull && this.#fillOne(batch)) {
      // each round moves one frame
    }
  }

  /** A frame of the session, if one waits. */
  #fillOne (batch: FrameBatch): boolean {
    const reset = this.#resets.shift()

    if (reset != null) {
      batch.addControl({ type: FRAME_TYPE.windowUpdate, flags: FLAG.rst, streamId: reset.streamId, length: reset.code })
      return true
    }

    const pong = this.#pongs.shift()

    if (pong != null) {
      batch.addControl({ type: FRAME_TYPE.ping, flags: FLAG.ack, streamId: 0, length: pong })
      return true
    }

    const ping = this.#pings.shift()

    if (ping != null) {
      batch.addControl({ type: FRAME_TYPE.ping, flags: FLAG.syn, streamId: 0, length: ping })
    }

    return ping != null
  }

  #fillControl (batch: FrameBatch): void {
    while (!batch.isFull) {
      const source = this.#control.shift()

      if (source == null) {
        return
      }

      source.addControl(batch)
    }
  }

  /** One frame each in turn; who has more comes behind the others. Control frames that come up go before. */
  #fillData (batch: FrameBatch): void {
    while (!batch.isFull && this.#control.size === 0 && this.#resets.length === 0) {
      const source = this.#data.shift()

      if (source == null) {
        return
      }

      if (source.addData(batch)) {
        this.#data.add(source)
      }
    }
  }

  #fillGoAway (batch: FrameBatch): void {
    if (this.#goAway != null) {
      const { code, onSent } = this.#goAway

      this.#goAway = undefined
      batch.addControl({ type: FRAME_TYPE.goAway, flags: FLAG.none, streamId: 0, length: code }, onSent)
    }
  }
}

/** Beyond `max`, the oldest gives way. */
function pushBounded (queue: number[], value: number, max: number): void {
  queue.push(value)

  if (queue.length > max) {
    queue.shift()
  }
}
