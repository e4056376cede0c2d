import type { Outbox } from './outbox.ts'
import type { Pings } from './pings.ts'
import type { WindowBudget, WindowMoment } from './window.ts'
import type { Clock } from '../base/index.ts'
import type { Logger } from '@libp2p/interface'

export interface StreamHostInit {
  clock: Clock
  outbox: Outbox
  budget: WindowBudget
  pings: Pings
  maxStreamWindowBytes: number
  log: Logger
  /** The peer has taken notice of a stream of ours, or that has ended. Called once for each. */
  onAcknowledged(): void
  /** A stream has ended; by a reset with that code if there is one. Called before the events of the stream. */
  onEnded(streamId: number, resetCode: number | undefined): void
}

/** What a stream needs of its muxer. A class for the reason that `Sink` is one. */
export class StreamHost {
  readonly clock: Clock
  readonly outbox: Outbox
  readonly budget: WindowBudget
  readonly maxStreamWindowBytes: number
  readonly #pings: Pings
  readonly #log: Logger
  readonly onAcknowledged: StreamHostInit['onAcknowledged']
  readonly onEnded: StreamHostInit['onEnded']

  constructor ({ clock, outbox, budget, pings, maxStreamWindowBytes, log, onAcknowledged, onEnded }: StreamHostInit) {
    this.clock = clock
    this.outbox = outbox
    this.budget = budget
    this.maxStreamWindowBytes = maxStreamWindowBytes
    this.#pings = pings
    this.#log = log
    this.onAcknowledged = onAcknowledged
    this.onEnded = onEnded
  }

  moment (): WindowMoment {
    return { now: this.clock.now(), rtt: this.#pings.shortestRtt }
  }

  /** A round trip will have to be known soon. */
  measureRtt (): void {
    this.#pings.measure()
  }

  /** As `measureRtt`, if none was ever measured. */
  learnRtt (): void {
    this.#pings.learn()
  }

  /** As `measureRtt`, if one was. */
  refreshRtt (): void {
    this.#pings.refresh()
  }

  logFor (name: string): Logger {
    return this.#log.newScope(name)
  }
}
