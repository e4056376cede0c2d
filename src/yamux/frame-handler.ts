import type { Outbox } from './outbox.ts'
import type { Pings } from './pings.ts'
import type { YamuxStream } from './stream.ts'
import type { Streams } from './streams.ts'

export interface FrameHandlerInit {
  streams: Streams
  outbox: Outbox
  pings: Pings
  /** Whether nothing matters any more. */
  isOver(): boolean
  onGoAway(code: number): void
}

/** Who acts on frames. A class for the reason that `Sink` is one. */
export class FrameHandler {
  readonly #streams: Streams
  readonly #outbox: Outbox
  readonly #pings: Pings
  readonly isOver: FrameHandlerInit['isOver']
  readonly onGoAway: FrameHandlerInit['onGoAway']

  constructor ({ streams, outbox, pings, isOver, onGoAway }: FrameHandlerInit) {
    this.#streams = streams
    this.#outbox = outbox
    this.#pings = pings
    this.isOver = isOver
    this.onGoAway = onGoAway
  }

  stream (id: number): YamuxStream | undefined {
    return this.#streams.get(id)
  }

  /** SYN for `id`. */
  onSyn (id: number): void {
    this.#streams.accept(id)
  }

  onPing (value: number): void {
    this.#outbox.sendPong(value)
  }

  onPong (value: number): void {
    this.#pings.answer(value)
  }
}
