import type { Outbox } from './outbox.ts'
import type { WindowBudget, WindowMoment } from './window.ts'
import type { Clock } from '../base/index.ts'
import type { Logger } from '@libp2p/interface'

/** What a stream needs of its muxer. */
export interface StreamHost {
  readonly clock: Clock
  readonly outbox: Outbox
  readonly budget: WindowBudget
  readonly maxStreamWindowBytes: number
  moment(): WindowMoment
  /** A round trip will have to be known soon. */
  measureRtt(): void
  logFor(name: string): Logger
  /** The peer has taken notice of a stream of ours, or that has ended. Called once for each. */
  onAcknowledged(): void
  /** A stream has ended; by a reset with that code if there is one. Called before the events of the stream. */
  onEnded(streamId: number, resetCode: number | undefined): void
}
