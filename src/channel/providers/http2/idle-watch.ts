import { after } from '../../../base/index.ts'
import type { Clock, Timer } from '../../../base/index.ts'
import type { Http2Session, Http2Stream } from 'node:http2'

/** Ends connections that carry no stream for too long, from the beginning or after the last has ended. */
export class IdleWatch {
  readonly #clock: Clock
  readonly #patienceMs: number
  readonly #sessions = new Map<Http2Session, { streams: number, timer: Timer | undefined }>()

  constructor (clock: Clock, patienceMs: number) {
    this.#clock = clock
    this.#patienceMs = patienceMs
  }

  add (session: Http2Session): void {
    const state = { streams: 0, timer: this.#arm(session) }

    this.#sessions.set(session, state)
    session.once('close', () => {
      state.timer?.[Symbol.dispose]()
      this.#sessions.delete(session)
    })
  }

  addStream (stream: Http2Stream): void {
    const { session } = stream
    const state = session == null ? undefined : this.#sessions.get(session)

    if (session == null || state == null) {
      return
    }

    state.streams++
    state.timer?.[Symbol.dispose]()
    stream.once('close', () => {
      state.streams--

      if (state.streams === 0 && this.#sessions.has(session)) {
        state.timer = this.#arm(session)
      }
    })
  }

  /** Connections take no more streams; those that have none end. */
  close (): void {
    for (const session of this.#sessions.keys()) {
      session.close()
    }
  }

  #arm (session: Http2Session): Timer | undefined {
    return this.#patienceMs === Infinity ? undefined : after(this.#clock, this.#patienceMs, () => { session.destroy() })
  }
}
