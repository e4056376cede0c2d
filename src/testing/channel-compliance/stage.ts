import { outcome, same } from './assert.ts'
import { within } from './waiting.ts'
import type { ChannelCapabilities, ComplianceSizes, MemoryGauge, SessionPairOptions, SessionPair, ChannelSetup } from './contract.ts'
import type { Session } from '../../channel/index.ts'

export interface StageInit {
  readonly setup: ChannelSetup
  readonly sizes: ComplianceSizes
  readonly capabilities: ChannelCapabilities
  readonly stalledBytes: number
  readonly slowBytes: number
  readonly memory: MemoryGauge | undefined
}

const NOTHING = { opened: 0, accepted: 0, unclaimed: 0, pending: 0 }

/** Where a case plays: it makes the pairs, and looks at what they leave behind. */
export class Stage implements AsyncDisposable {
  readonly sizes: ComplianceSizes
  readonly stalledBytes: number
  readonly slowBytes: number
  readonly memory: MemoryGauge | undefined
  readonly can: ChannelCapabilities
  readonly #setup: ChannelSetup
  readonly #pairs: SessionPair[] = []

  constructor ({ setup, sizes, capabilities, stalledBytes, slowBytes, memory }: StageInit) {
    this.#setup = setup
    this.sizes = sizes
    this.can = capabilities
    this.stalledBytes = stalledBytes
    this.slowBytes = slowBytes
    this.memory = memory
  }

  async pair ({ near, far }: SessionPairOptions = {}): Promise<SessionPair> {
    const pair = await within(this.#setup({ near: near ?? {}, far: far ?? {} }), 'the setup to connect two sessions')

    this.#pairs.push(pair)

    return pair
  }

  /** Ends what the case left open, as a user would. */
  async close (): Promise<void> {
    for (const { near, far } of this.#pairs) {
      await within(Promise.all([near.close(), far.close()]), 'both sessions to close')
      await assertNothingLeft(near, 'near')
      await assertNothingLeft(far, 'far')
    }
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const pair of this.#pairs.splice(0)) {
      pair.near.abort()
      pair.far.abort()
      await within(outcome(Promise.resolve(pair[Symbol.asyncDispose]())), 'the setup to end what it made')
    }
  }
}

export async function assertNothingLeft (session: Session, side: string): Promise<void> {
  await within(session.closed, `${side}.closed to resolve`)
  same({ ...session.stat() }, NOTHING, `what the ${side} session has left after its end`)
  same(session.signal.aborted, true, `whether the signal of the ${side} session has aborted after its end`)
}
