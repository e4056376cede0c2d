import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DialQueue } from '../../../src/swarm/dial/dial-queue.ts'

function queueOf (entries: Record<string, number>): DialQueue {
  const queue = new DialQueue()

  for (const [key, dueAt] of Object.entries(entries)) {
    queue.add(key, dueAt)
  }

  return queue
}

function drain (queue: DialQueue): string[][] {
  const batches: string[][] = []

  while (queue.size > 0) {
    batches.push(queue.nextBatch())
  }

  return batches
}

describe('DialQueue', () => {
  it('takes out what is due at the same moment as one batch, the earliest first', () => {
    const queue = queueOf({ a: 250, b: 0, c: 250, d: 0, e: 500 })

    expect(queue.earliest).toBe(0)
    expect(drain(queue)).toEqual([['b', 'd'], ['a', 'c'], ['e']])
  })

  it('moves an address that is added again, and never holds it twice', () => {
    const queue = queueOf({ a: 0, b: 0, c: 250 })

    queue.add('a', 250)
    queue.add('c', 0)

    expect(queue.size).toBe(3)
    expect(drain(queue)).toEqual([['b', 'c'], ['a']])
  })

  it('hastens an address and never delays it', () => {
    const queue = queueOf({ a: 250, b: 250 })

    queue.hasten('a', 100)
    queue.hasten('b', 500)
    queue.hasten('c', 50)

    expect([queue.dueAt('a'), queue.dueAt('b'), queue.dueAt('c')]).toEqual([100, 250, 50])
  })

  it('forgets an address that is removed', () => {
    const queue = queueOf({ a: 0, b: 10 })

    expect(queue.remove('a')).toBe(true)
    expect(queue.remove('a')).toBe(false)
    expect(queue.earliest).toBe(10)
    expect(drain(queue)).toEqual([['b']])
  })

  it('has nothing due and an empty batch when nothing waits', () => {
    const queue = new DialQueue()

    expect(queue.earliest).toBeUndefined()
    expect(queue.dueAt('a')).toBeUndefined()
    expect(queue.nextBatch()).toEqual([])
  })

  it('drains any additions and moves in order of time, then of coming, each address once', () => {
    const additions = fc.array(fc.tuple(fc.constantFrom(...'abcdefgh'), fc.integer({ min: 0, max: 4 })), { maxLength: 40 })

    fc.assert(fc.property(additions, (entries) => {
      const queue = new DialQueue()

      for (const [key, dueAt] of entries) {
        queue.add(key, dueAt)
      }

      expect(drain(queue)).toEqual(batchesOf(new Map(entries)))
    }))
  })
})

/** The model: what was said last of each address counts. */
function batchesOf (entries: Map<string, number>): string[][] {
  const byTime = Map.groupBy(entries.keys(), (key) => entries.get(key) ?? 0)

  return [...byTime].sort(([a], [b]) => a - b).map(([, batch]) => batch)
}
