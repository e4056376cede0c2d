import { describe, expect, it } from 'vitest'
import { MemoryBudget } from '../../../src/swarm/limits/index.ts'

describe('MemoryBudget', () => {
  it('is exhausted from its maximum on, until less than 7/8 of it is used', () => {
    const budget = new MemoryBudget(800)
    const states = [[799, 0], [1, 0], [50, 0], [0, 150], [0, 1], [100, 0]].map(([added = 0, removed = 0]) => {
      budget.add(added)
      budget.remove(removed)

      return [budget.used, budget.exhausted]
    })

    expect(states).toEqual([[799, false], [800, true], [850, true], [700, true], [699, false], [799, false]])
  })

  it('tells its listeners once when there is room again', () => {
    const budget = new MemoryBudget(800)
    const seen: number[] = []

    budget.onRelease(() => { seen.push(budget.used) })
    budget.add(900)
    budget.remove(100)
    budget.remove(101)
    budget.remove(200)

    expect(seen).toEqual([699])
  })

  it('does not tell of room that was never missing', () => {
    const budget = new MemoryBudget(800)
    let calls = 0

    budget.onRelease(() => { calls++ })
    budget.add(799)
    budget.remove(799)

    expect(calls).toBe(0)
  })

  it('does not tell those who have left', () => {
    const budget = new MemoryBudget(10)
    const calls: string[] = []
    const first = budget.onRelease(() => {
      calls.push('first')
      second[Symbol.dispose]()
    })
    const second = budget.onRelease(() => { calls.push('second') })

    budget.add(10)
    budget.remove(10)
    first[Symbol.dispose]()
    budget.add(10)
    budget.remove(10)

    expect(calls).toEqual(['first'])
  })

  it('calls the others when one throws, and hands its error on', () => {
    const errors: Error[] = []
    const budget = new MemoryBudget(10, { onError: (error) => { errors.push(error) } })
    const thrown = new Error('listener')
    let calls = 0

    budget.onRelease(() => { throw thrown })
    budget.onRelease(() => { calls++ })
    budget.add(10)
    budget.remove(10)

    expect(calls).toBe(1)
    expect(errors).toEqual([thrown])
  })

  it('stops telling when the room is used up, and begins next time with those it left out', () => {
    const budget = new MemoryBudget(8)
    const calls: string[] = []
    const taker = (name: string) => () => {
      calls.push(name)
      budget.add(8)
    }

    budget.onRelease(taker('first'))
    budget.onRelease(taker('second'))
    budget.add(8)
    budget.remove(8)
    budget.remove(8)
    budget.remove(8)

    expect(calls).toEqual(['first', 'second', 'first'])
  })

  it('is never exhausted while it is empty, even of no bytes at all', () => {
    const budget = new MemoryBudget(0)

    expect(budget.exhausted).toBe(false)
    budget.add(0)
    expect(budget.exhausted).toBe(false)
    budget.add(1)
    expect(budget.exhausted).toBe(true)
    budget.remove(1)
    expect(budget.exhausted).toBe(false)
  })

  it('never counts below zero, and says when more came back than was taken', () => {
    const errors: Error[] = []
    const budget = new MemoryBudget(10, { onError: (error) => { errors.push(error) } })

    budget.add(3)
    budget.remove(4)

    expect(budget.used).toBe(0)
    expect(errors.map((error) => error.message)).toEqual(['4 bytes were given back to a budget that holds 3'])
  })

  it('is never exhausted when its maximum is Infinity', () => {
    const budget = new MemoryBudget(Infinity)

    budget.add(Number.MAX_SAFE_INTEGER)

    expect(budget.exhausted).toBe(false)
  })

  it.each([-1, NaN])('refuses %d bytes', (bytes) => {
    expect(() => new MemoryBudget(bytes)).toThrow(`must be 0 or more, received ${bytes}`)

    const budget = new MemoryBudget(10)

    expect(() => { budget.add(bytes) }).toThrow(RangeError)
    expect(() => { budget.remove(bytes) }).toThrow(RangeError)
    expect(() => { budget.add(Infinity) }).toThrow(RangeError)
  })
})
