import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHANNELS, Playground } from './playground.ts'
import type { Step } from './playground.ts'

const SEED = 20261120
const RUNS = 1_000

const channel = fc.nat({ max: CHANNELS - 1 })
const signal = fc.option(fc.nat({ max: 2 }), { nil: undefined })
const branch = fc.record({ kind: fc.constantFrom('in' as const, 'out' as const), channel })

/** Ends of channels are rare, so that most programs get somewhere before. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('send' as const), channel, signal, handle: fc.nat({ max: 1 }) }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constant('receive' as const), channel, signal }) },
  { weight: 8, arbitrary: fc.record({ op: fc.constant('select' as const), branches: fc.array(branch, { minLength: 1, maxLength: 5 }), signal }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('trySend' as const, 'tryReceive' as const), channel }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('close' as const, 'abort' as const, 'cancel' as const), channel }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('abortSignal' as const), signal: fc.nat({ max: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('settle' as const) }) }
)

const checks = fc.constantFrom('none' as const, 'now' as const, 'later' as const)
const setup = fc.record({
  capacity: fc.nat({ max: 3 }),
  sending: checks,
  receiving: checks,
  seed: fc.nat()
})

/** Everything on: all ways of checking, of ending, of leaving. */
const program = fc.record({
  setups: fc.array(setup, { minLength: CHANNELS, maxLength: CHANNELS }),
  steps: fc.array(step, { minLength: 10, maxLength: 80, size: 'max' })
})

describe('any mix of senders, receivers, selects and ends over several channels', () => {
  it('settles everything, and receives each accepted message once, in order, and no other', async () => {
    await fc.assert(fc.asyncProperty(program, async ({ setups, steps }) => {
      const playground = new Playground(setups)

      for (const each of steps) {
        await playground.run(each)
      }

      await playground.finish()

      expect(playground.faults()).toEqual([])
    }), { seed: SEED, numRuns: RUNS })
  })
})
