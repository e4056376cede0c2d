import { expect, it } from 'vitest'
import { Runner } from '../../benchmarks/harness/runner.ts'
import type { RunInit } from '../../benchmarks/harness/runner.ts'
import type { Measure } from '../../benchmarks/questions/question.ts'

/** What is asked of one system, in rounds of half a second: for how long each time. */
async function secondsOf (measure: Partial<Measure>, init: Partial<RunInit> = {}): Promise<{ asked: number[], counted: number }> {
  const asked: number[] = []
  const runner = new Runner({ rounds: 2, seconds: 0.5, maxRepeats: 0, repeatBudget: 0, ...init })
  const whole: Measure = {
    name: 'scripted',
    title: 'scripted',
    unit: '1/s',
    better: 'more',
    take: async (_stage, seconds) => ({ value: asked.push(seconds) }),
    ...measure
  }
  const { measures } = await runner.run({ question: { name: 'scripted', title: 'scripted', about: '', measures: [whole] }, measures: [{ measure: whole, systems: ['raw TCP'] }] })

  return { asked, counted: measures[0]?.cells[0]?.rounds.length ?? 0 }
}

it('a measure warms up once, and then is read once a round', async () => {
  expect(await secondsOf({ warmUpSeconds: 6 })).toEqual({ asked: [6, 0.5, 0.5], counted: 2 })
})

it('a lead-in goes before each reading, and does not count', async () => {
  expect(await secondsOf({ leadInSeconds: 3 })).toEqual({ asked: [2, 3, 0.5, 3, 0.5], counted: 2 })
})

it('what is cold neither warms up nor is led in', async () => {
  expect(await secondsOf({ isCold: true })).toEqual({ asked: [0.5, 0.5], counted: 2 })
})

it('who wants no warm-up gets neither that nor lead-ins', async () => {
  expect(await secondsOf({ warmUpSeconds: 6, leadInSeconds: 3 }, { isWarmed: false })).toEqual({ asked: [0.5, 0.5, 0.5], counted: 2 })
})
