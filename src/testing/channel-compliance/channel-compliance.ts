import { bulk } from './bulk.ts'
import { byteStreams } from './byte-streams.ts'
import { calls } from './calls.ts'
import { cleanup } from './cleanup.ts'
import { ALL_CAPABILITIES, BOUND_DEFAULTS, COMPLIANCE_DEFAULTS } from './contract.ts'
import { codecs, data } from './data.ts'
import { echoes } from './echoes.ts'
import { endings } from './endings.ts'
import { nodeStreams, webStreams } from './foreign-streams.ts'
import { handingOver } from './handing-over.ts'
import { limits } from './limits.ts'
import { losses } from './losses.ts'
import { nesting } from './nesting.ts'
import { order } from './order.ts'
import { references } from './references.ts'
import { requests } from './requests.ts'
import { returning } from './returning.ts'
import { schemas } from './schemas.ts'
import { selecting } from './selecting.ts'
import { Stage } from './stage.ts'
import { stalls } from './stalls.ts'
import { within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { ChannelCapabilities, ChannelComplianceInit, ChannelSetup } from './contract.ts'
import type { StageInit } from './stage.ts'

/** For a case that does not depend on sizes, and for the large ones. */
const TIMEOUT_MS = 60_000
const LARGE_TIMEOUT_MS = 600_000

interface Group {
  readonly cases: Cases
  /** What the sessions must be able to do. */
  readonly needs?: keyof ChannelCapabilities
  /** Whether it does as much as the sizes say. */
  readonly isLarge?: boolean
}

const GROUPS: Readonly<Record<string, Group>> = {
  order: { cases: order, isLarge: true },
  data: { cases: data },
  codecs: { cases: codecs, needs: 'codecs' },
  endings: { cases: endings },
  losses: { cases: losses },
  'nested channels': { cases: nesting },
  'channels that return': { cases: returning, needs: 'returns' },
  echoes: { cases: echoes },
  'channels that are handed over': { cases: handingOver },
  stalls: { cases: stalls },
  'requests and answers': { cases: requests },
  calls: { cases: calls },
  select: { cases: selecting },
  schemas: { cases: schemas },
  limits: { cases: limits },
  references: { cases: references, needs: 'clock' },
  'byte streams': { cases: byteStreams },
  'large byte streams': { cases: bulk, isLarge: true },
  'web streams': { cases: webStreams },
  'streams of Node': { cases: nodeStreams, needs: 'nodeStreams' },
  'what is left': { cases: cleanup, isLarge: true }
}

/**
 * Defines the tests that every way to carry channels has to pass: a transport, or a provider of your own.
 *
 * @example
 * import { describe, it } from 'node:test'
 *
 * channelCompliance('my transport', async ({ near, far }) => connectTwo(near, far), { describe, it })
 */
export function channelCompliance (name: string, setup: ChannelSetup, init: ChannelComplianceInit): void {
  const { describe, it, sizes, capabilities, memory } = init
  const { stalledBytes = BOUND_DEFAULTS.stalledBytes, slowBytes = BOUND_DEFAULTS.slowBytes } = init
  const can: ChannelCapabilities = { ...ALL_CAPABILITIES, ...capabilities }
  const stage: StageInit = { setup, sizes: { ...COMPLIANCE_DEFAULTS, ...sizes }, capabilities: can, stalledBytes, slowBytes, memory }
  const groups = Object.entries(GROUPS).filter(([, { needs }]) => needs == null || can[needs])

  const define = ({ cases, isLarge = false }: Group): void => {
    const timeoutMs = isLarge ? LARGE_TIMEOUT_MS : TIMEOUT_MS

    for (const [sentence, play] of Object.entries(cases)) {
      it(sentence, () => perform(sentence, play, stage, timeoutMs), timeoutMs)
    }
  }

  describe(`channels over ${name}`, () => {
    for (const [title, group] of groups) {
      describe(title, () => { define(group) })
    }
  })
}

/** Before the runner gives up on a case, it ends by itself, and what it made with it. */
const HEAD_START_MS = 10_000

async function perform (sentence: string, play: Cases[string], init: StageInit, timeoutMs: number): Promise<void> {
  const stage = new Stage(init)

  try {
    await within(play(stage), `"${sentence}" to end`, timeoutMs - HEAD_START_MS)
    await stage.close()
  } finally {
    await stage[Symbol.asyncDispose]()
  }
}
