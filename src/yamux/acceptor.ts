import { ANNOUNCE_TURNS } from './constants.ts'
import { afterTurns } from './turns.ts'
import type { YamuxStream } from './stream.ts'

export interface AcceptorInit {
  maxParked: number
  /** Whether somebody takes streams. */
  hasTaker(): boolean
  give(stream: YamuxStream): void
}

/**
 * Brings new streams to their place: inbound ones to whoever takes them, and the first frame of each to
 * the peer, if no write takes that along; yamux 2.3, 2.4 and 2.6.
 */
export class Acceptor {
  readonly #init: AcceptorInit
  /** Inbound streams that nobody has taken yet. */
  #parked: YamuxStream[] = []
  #unannounced: YamuxStream[] = []

  constructor (init: AcceptorInit) {
    this.#init = init
  }

  get parked (): readonly YamuxStream[] {
    return this.#parked
  }

  /** Whether one more inbound stream finds a taker, or a place to wait for one. */
  get hasRoom (): boolean {
    return !this.#mustPark || this.#parked.length < this.#init.maxParked
  }

  accept (stream: YamuxStream): void {
    if (this.#mustPark) {
      this.#parked.push(stream)
    } else {
      this.#give(stream)
    }
  }

  /** Somebody takes streams from now on. */
  giveParked (): void {
    while (this.#parked.length > 0 && this.#init.hasTaker()) {
      const stream = this.#parked.shift()

      if (stream != null) {
        this.#give(stream)
      }
    }
  }

  remove (streamId: number): void {
    if (this.#parked.length > 0) {
      this.#parked = this.#parked.filter((stream) => stream.streamId !== streamId)
    }
  }

  /** Has the first frame of `stream` sent at the end of this tick, if nothing is before. */
  announceSoon (stream: YamuxStream): void {
    this.#unannounced.push(stream)

    if (this.#unannounced.length > 1) {
      return
    }

    afterTurns(ANNOUNCE_TURNS, () => {
      for (const waiting of this.#unannounced.splice(0)) {
        waiting.announce()
      }
    })
  }

  /** Parked streams keep their order, so none overtakes them. */
  get #mustPark (): boolean {
    return this.#parked.length > 0 || !this.#init.hasTaker()
  }

  #give (stream: YamuxStream): void {
    this.#init.give(stream)
    this.announceSoon(stream)
  }
}
