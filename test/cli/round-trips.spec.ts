import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RoundTrips } from '../../src/cli/round-trips.ts'

function tripsOf (times: number[]): RoundTrips {
  const trips = new RoundTrips()

  for (const time of times) {
    trips.sent++
    trips.add(time)
  }

  return trips
}

describe('RoundTrips', () => {
  it('knows nothing before the first answer', () => {
    const trips = new RoundTrips()

    trips.sent++

    expect(trips).toMatchObject({ sent: 1, received: 0 })
    expect(trips.statistics()).toBeUndefined()
  })

  it('gives least, mean, most and deviation', () => {
    expect(tripsOf([2, 4, 4, 4, 5, 5, 7, 9]).statistics()).toEqual({ minMs: 2, avgMs: 5, maxMs: 9, mdevMs: 2 })
  })

  it('agrees with the sums over all times, which it does not keep', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 60_000, noNaN: true }), { minLength: 1 }), (times) => {
      const mean = times.reduce((a, b) => a + b) / times.length
      const deviation = Math.sqrt(times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / times.length)
      const statistics = tripsOf(times).statistics()

      expect(statistics?.minMs).toBe(Math.min(...times))
      expect(statistics?.maxMs).toBe(Math.max(...times))
      expect(statistics?.avgMs).toBeCloseTo(mean, 6)
      expect(statistics?.mdevMs).toBeCloseTo(deviation, 3)
    }))
  })
})
