import { describe, expect, it, vi } from 'vitest'
import { isCoded, systemClock } from '../../src/base/index.ts'
import { channelCompliance } from '../../src/testing/index.ts'
import { memoryPair } from '../support/memory-session-pair.ts'
import { breaking } from '../support/rule-breakers.ts'
import type { ChannelCapabilities, ComplianceSizes, ChannelSetup } from '../../src/testing/index.ts'
import type { Rule } from '../support/rule-breakers.ts'

const SIZES: ComplianceSizes = { messages: 1_000, bytes: 1024 * 1024, channels: 200 }

/** How much faster time passes for a suite that waits for what never happens. */
const HASTE = 20

interface Collected {
  readonly names: string[]
  /** The cases by their sentences, to be run by hand. */
  readonly cases: Map<string, () => Promise<void>>
}

/** What the suite would give to a test runner. */
function collect (setup: ChannelSetup, capabilities: Partial<ChannelCapabilities> = {}): Collected {
  const cases = new Map<string, () => Promise<void>>()
  const names: string[] = []

  channelCompliance('a transport', setup, {
    describe (name, body) {
      names.push(name)
      body()
    },
    it (name, body) {
      cases.set(`${names.at(-1)}: ${name}`, body)
    },
    sizes: SIZES,
    capabilities
  })

  return { names, cases }
}

/** What a case says of a transport. */
async function verdict (name: string, setup: ChannelSetup): Promise<unknown> {
  const run = collect(setup).cases.get(name)

  return run == null ? `there is no case ${name}` : run().then(() => 'passed', (error: unknown) => error)
}

function hurry (): void {
  const { at, now } = systemClock
  const start = now()
  const hasty = (): number => start + HASTE * (now() - start)

  vi.spyOn(systemClock, 'now').mockImplementation(hasty)
  vi.spyOn(systemClock, 'at').mockImplementation((when, fn, options) => at(hasty() + (when - hasty()) / HASTE, fn, options))
}

const BROKEN: ReadonlyArray<readonly [rule: Rule, name: string]> = [
  ['swaps messages', 'order: delivers messages in the order of the calls, though nobody waits between them'],
  ['loses a message', 'order: delivers a large number of messages, each once'],
  ['repeats a message', 'order: delivers a large number of messages, each once'],
  ['takes false for an end', 'data: takes no value for an end'],
  ['takes a loss for an end', 'losses: fails everything with ConnectionLost when the connection ends beneath, and ends nothing'],
  ['takes a closed session for an end', 'losses: fails everything with SessionClosed when one side closes the session, and ends nothing'],
  ['ignores cancel', 'endings: stops a sender that waits for nothing'],
  ['forgets the code of a cancel', 'endings: stops a sender that waits for nothing'],
  ['forgets the message of an abort', 'endings: delivers what send took before an abort, and then its code and message'],
  ['closes by an abort', 'endings: delivers what send took before the close'],
  ['knows no room', 'stalls: moves one channel while another stalls, which takes a bounded number of bytes'],
  ['loses what a given up receive got', 'calls: takes nothing by a receive that a signal ends'],
  ['never forgets a stream', 'what is left: does not grow by many top-level channels and byte streams'],
  ['never tells of its end', 'what is left: leaves nothing when it closes with everything in flight'],
  ['has no limit', 'limits: refuses a message that is too large, alone'],
  ['shares what it carries', 'data: shares nothing: what is changed after the call does not change the message']
]

describe('channelCompliance', () => {
  it('defines a case for each promise, in groups', () => {
    const { names, cases } = collect(memoryPair)

    expect(names[0]).toBe('channels over a transport')
    expect(names).toContain('channels that return')
    expect(cases.size).toBeGreaterThan(120)
  })

  it('leaves out what a transport says that it cannot', () => {
    const { names } = collect(memoryPair, { returns: false, codecs: false, clock: false, nodeStreams: false })

    for (const group of ['channels that return', 'codecs', 'references', 'streams of Node']) {
      expect(names).not.toContain(group)
    }
  })

  it.each(BROKEN)('finds a transport that %s', async (rule, name) => {
    hurry()

    try {
      expect(await verdict(name, memoryPair)).toBe('passed')
      expect(await verdict(name, breaking(rule, memoryPair))).toBeInstanceOf(Error)
    } finally {
      vi.restoreAllMocks()
    }
  })

  it('says what was wanted, and what came', async () => {
    const error = await verdict('endings: stops a sender that waits for nothing', breaking('forgets the code of a cancel', memoryPair))

    expect(error).toMatchObject({ name: 'ComplianceError', message: 'the sender, code of the reason: wanted 300, received 3', actual: 3, expected: 300 })
    expect(isCoded(error)).toBe(false)
  })

  it('ends what a failed case made', async () => {
    const setup = vi.fn(memoryPair)

    await verdict('order: delivers a large number of messages, each once', breaking('loses a message', setup))

    for (const { value } of setup.mock.settledResults) {
      expect(await value.near.closed).toBeDefined()
      expect(await value.far.closed).toBeDefined()
    }
  })
})
