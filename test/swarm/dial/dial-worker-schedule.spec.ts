import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOTHING_LEFT } from './dial-scene.ts'
import { breachesOf, fatesOf, play } from './dial-schedule.ts'
import type { Fate, Run } from './dial-schedule.ts'

const hangs = (delayMs: number): Fate => ({ delayMs, takesMs: 1000.5, succeeds: false })
const fails = (delayMs: number, takesMs: number): Fate => ({ delayMs, takesMs, succeeds: false })
const connects = (delayMs: number, takesMs: number): Fate => ({ delayMs, takesMs, succeeds: true })
const run = (fates: Fate[], starts: Array<number | undefined>): Run => ({
  fates,
  starts: new Map(starts.flatMap((start, i) => start == null ? [] : [[i, start]]))
})

describe('any schedule', () => {
  // go-libp2p: TestDialWorkerLoopSchedulingProperty
  it('is obeyed: delays, the next batch at once when all in flight have failed, and nothing after a success', async () => {
    await fc.assert(fc.asyncProperty(fatesOf, async (fates) => {
      const { leftovers, ...outcome } = await play(fates)

      expect(breachesOf(outcome)).toEqual([])
      expect(leftovers).toEqual(NOTHING_LEFT)
    }), { numRuns: 200 })
  }, 60_000)
})

describe('the checker of schedules', () => {
  // go-libp2p: TestCheckDialWorkerLoopScheduling
  it('finds nothing wrong with a right schedule', () => {
    expect(breachesOf(run([hangs(0), hangs(100), connects(200, 10.5), hangs(300)], [0, 100, 200, undefined]))).toEqual([])
    expect(breachesOf(run([fails(0, 10.5), hangs(100)], [0, 10.5]))).toEqual([])
  })

  it('finds an address that is dialled too early', () => {
    expect(breachesOf(run([hangs(0), hangs(100)], [0, 50]))).toEqual(['1 was dialled at 50, and its turn came at 100'])
  })

  it('finds an address that is dialled too late, though nothing was in flight', () => {
    expect(breachesOf(run([fails(0, 10.5), hangs(100)], [0, 100]))).toEqual(['1 was dialled at 100, and its turn came at 10.5'])
  })

  it('finds an address that is forgotten', () => {
    expect(breachesOf(run([hangs(0), hangs(100)], [0, undefined]))).toEqual(['1 was not dialled, and its turn came at 100'])
  })

  it('finds an address that is dialled after a success', () => {
    expect(breachesOf(run([connects(0, 10.5), hangs(100)], [0, 100]))).toContain('1 was dialled at 100, after the success at 10.5')
  })
})
