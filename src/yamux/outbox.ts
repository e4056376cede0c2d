import { TransientSet } from '../base/index.ts'
import { FLAG, FRAME_TYPE, NO_RESET_CODE } from './constants.ts'
import { FrameBatch } from './frame-batch.ts'
import { SendQueue } from './send-queue.ts'
import type { FrameSource } from './send-queue.ts'
import type { MessageStream } from '@libp2p/interface'

/**
 * A batch that is not full leaves when nothing was added to it for so many turns of the microtask queue:
 * enough for a loop that awaits each write through a few async functions; yamux 1.7.
 */
const QUIET_TURNS = 8

/**
 * So many bytes leave when more are added, rather than wait for the tick to become quiet: while the peer works on them, this
 * side goes on. Less would cost more writes, more would let both sides work in turns.
 */
const EAGER_BYTES = 16 * 1024

/** A stream that may have to wait for room. */
export interface Writer extends FrameSource {
  /** There is room again. */
  onRoom(): void
}

/**
 * The sending half of a connection: when to write, what, and how much in one write.
 *
 * The first frames after a quiet tick leave at once. After that frames gather in a batch, which leaves
 * when it is full or when the tick has become quiet. A saturated transport is given nothing.
 */
export class Outbox {
  readonly #transport: MessageStream
  readonly #maxMessageBytes: number
  readonly #queue = new SendQueue()
  /** Streams that wait for room though all their bytes have left, in that order. */
  readonly #writers = new TransientSet<Writer>()
  #batch: FrameBatch
  #isSaturated: boolean
  /** Whether the transport has drained since the last write began; it may do so within. */
  #hasDrained = false
  #isDead = false
  #isPumping = false
  /** Whether something left in this tick; what follows gathers. */
  #isBusy = false
  /** Turns until the batch leaves, if nothing is added to it. */
  #turnsLeft = 0
  /** Whether the batch leaves with the next turn, whatever is added. */
  #isUrgent = false
  #isCorked = false

  constructor (transport: MessageStream, maxMessageBytes: number) {
    this.#transport = transport
    this.#maxMessageBytes = maxMessageBytes
    this.#batch = new FrameBatch(maxMessageBytes)
    this.#isSaturated = transport.writableNeedsDrain
  }

  get isSaturated (): boolean {
    return this.#isSaturated
  }

  /** Sends a ping. One that can wait leaves with whatever is sent next. */
  sendPing (value: number, { canWait }: { canWait: boolean }): void {
    this.#queue.addPing(value)

    if (!canWait) {
      this.#pump()
    }
  }

  /** Answers a ping, together with what the same turn answers. Only where the answer has to wait does its number count; yamux 4.2. */
  sendPong (value: number): void {
    this.#startTurns()
    this.#queue.addPong(value)
    this.#pump()
  }

  /** @throws YamuxProtocolError `controlFlood` */
  sendReset (streamId: number, code: number = NO_RESET_CODE): void {
    if (!this.#isDead) {
      this.#queue.addReset(streamId, code)
      this.#pump()
    }
  }

  /** Calls `onSent` when the go away has left, behind all that waits now. */
  sendGoAway (code: number, onSent: () => void): void {
    this.#queue.addGoAway(code, onSent)
    this.#pump()
  }

  /** `source` has a control frame to send. One that can wait leaves with the next turn. */
  wantControl (source: FrameSource, { canWait }: { canWait: boolean }): void {
    this.#queue.addControl(source)

    if (canWait && !this.#isCorked) {
      this.#startTurns()
      this.#isUrgent = true
    } else {
      this.#pump()
    }
  }

  /** `source` has data that its window allows. */
  wantData (source: FrameSource): void {
    this.#queue.addData(source)
    this.#pump()
  }

  /** What is sent in the rest of this turn leaves together, from its first frame on; yamux 1.7. */
  gather (): void {
    this.#startTurns()
  }

  /** Tells `writer`, of which no bytes wait, when the transport has room. */
  awaitRoom (writer: Writer): void {
    this.#writers.add(writer)
  }

  remove (source: Writer): void {
    this.#queue.remove(source)
    this.#writers.delete(source)
  }

  /** While `fn` runs, nothing leaves but full batches; then all at once. */
  cork (fn: () => void): void {
    this.#isCorked = true

    try {
      fn()
    } finally {
      this.#isCorked = false
      this.#pump()
    }
  }

  /** Sends last words in one write, saturated or not, and nothing after them; yamux 6.2. */
  finish (resets: Iterable<number>, goAwayCode: number): void {
    const last = new FrameBatch(Infinity)

    for (const streamId of resets) {
      last.addControl({ type: FRAME_TYPE.windowUpdate, flags: FLAG.rst, streamId, length: 0 })
    }

    last.addControl({ type: FRAME_TYPE.goAway, flags: FLAG.none, streamId: 0, length: goAwayCode })
    this.#flush() // or frames would be lost that their streams believe sent
    this.#batch = last
    this.stop()
  }

  /** Sends what is in the batch, then nothing any more, and forgets what waits. */
  stop (): void {
    this.#flush()
    this.#isDead = true
    this.#queue.clear()
    this.#writers.clear()
    this.#batch = new FrameBatch(this.#maxMessageBytes)
  }

  /** The transport has room again. */
  onDrain (): void {
    this.#hasDrained = true
    this.#isSaturated = false
    this.#tellRoom() // those whose bytes had left take their turn behind those that wait
    this.#pump()
  }

  /** Moves what waits into the batch, and lets that leave when it should. */
  #pump (): void {
    // not within a send: the transport may not have taken those bytes yet, and these come after them
    if (this.#isPumping) {
      return
    }

    this.#isPumping = true

    try {
      while (!this.#isSaturated && !this.#isDead && this.#sendOne()) {
        // one write after the other
      }
    } finally {
      this.#isPumping = false
    }

    this.#tellRoom()
  }

  /** Whether a batch has left. */
  #sendOne (): boolean {
    if (this.#isBusy && !this.#isCorked && this.#batch.byteLength >= EAGER_BYTES) {
      this.#flush()
      return true
    }

    if (!this.#queue.isEmpty) {
      this.#turnsLeft = QUIET_TURNS
      this.#queue.fill(this.#batch)
    }

    // what is left of a long write gathers with the next, rather than leave by itself
    const mustLeave = this.#batch.isFull || (this.#batch.byteLength > 0 && !this.#isBusy && !this.#isCorked)

    if (mustLeave) {
      this.#startTurns()
      this.#flush()
    }

    return mustLeave
  }

  #flush (): void {
    const batch = this.#batch

    if (batch.byteLength === 0 || this.#isDead) {
      return
    }

    this.#batch = new FrameBatch(this.#maxMessageBytes)
    this.#hasDrained = false

    try {
      const hasRoom = this.#transport.send(batch.encode())

      this.#isSaturated = !hasRoom && !this.#hasDrained
    } catch {
      // the transport is closing; its close event tells the muxer, and with that the streams
      this.#isDead = true
      return
    }

    batch.sent()
  }

  #startTurns (): void {
    if (!this.#isBusy) {
      this.#isBusy = true
      this.#turnsLeft = QUIET_TURNS
      queueMicrotask(this.#onTurn)
    }
  }

  readonly #onTurn = (): void => {
    this.#turnsLeft--

    if (this.#turnsLeft > 0 && !this.#isUrgent) {
      queueMicrotask(this.#onTurn)
      return
    }

    this.#isBusy = false
    this.#isUrgent = false

    if (!this.#queue.isEmpty || this.#batch.byteLength > 0) {
      this.#pump()
    }
  }

  /** Tells those that wait for room, one after the other, as long as there is some. */
  #tellRoom (): void {
    for (const writer of this.#writers) {
      if (this.#isSaturated || this.#isDead) {
        return
      }

      this.#writers.delete(writer)
      writer.onRoom()
    }
  }
}
