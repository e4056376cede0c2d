import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RingBuffer } from '../../../src/channel/pipe/ring-buffer.ts'

const SEED = 20261120

describe('RingBuffer', () => {
  it('gives back what was pushed, the oldest first, through any mix of both', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant('shift'), fc.constant('clear')), { maxLength: 200 })

    fc.assert(fc.property(steps, (program) => {
      const ring = new RingBuffer<number>()
      const model: number[] = []

      for (const step of program) {
        if (step === 'clear') {
          ring.clear()
          model.length = 0
        } else if (typeof step === 'number') {
          ring.push(step)
          model.push(step)
        } else if (model.length > 0) {
          expect(ring.shift()).toBe(model.shift())
        }

        expect(ring.size).toBe(model.length)
      }
    }), { seed: SEED, numRuns: 300 })
  })

  it('keeps the order while it grows around its end', () => {
    const ring = new RingBuffer<number>()

    for (let n = 0; n < 8; n++) {
      ring.push(n)
    }

    ring.shift()
    ring.shift()

    for (let n = 8; n < 20; n++) {
      ring.push(n)
    }

    expect(Array.from({ length: ring.size }, () => ring.shift())).toEqual(Array.from({ length: 18 }, (_, n) => n + 2))
  })

  it('holds undefined like anything else', () => {
    const ring = new RingBuffer<undefined>()

    ring.push(undefined)

    expect(ring.size).toBe(1)
    expect(ring.shift()).toBeUndefined()
    expect(ring.size).toBe(0)
  })
})
