import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TransientMap, TransientSet } from '../../src/base/index.ts'

const KEYS = 200
const MIB = 1024 * 1024

setFlagsFromString('--expose-gc')

const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void

interface Step {
  readonly what: 'add' | 'delete' | 'shift' | 'walk' | 'clear'
  readonly key: number
}

const steps = fc.array(fc.record<Step>({
  what: fc.oneof({ weight: 20, arbitrary: fc.constantFrom('add' as const, 'delete' as const) }, { weight: 2, arbitrary: fc.constantFrom('walk' as const, 'shift' as const) }, { weight: 1, arbitrary: fc.constant('clear' as const) }),
  key: fc.nat(KEYS)
}), { maxLength: 2000 })

/** What a walk sees that takes away each second item and adds others. */
function walk (items: Iterable<number>, { add, remove }: { add(key: number): void, remove(key: number): void }): number[] {
  const seen: number[] = []

  for (const key of items) {
    seen.push(key)

    if (seen.length % 2 === 0) {
      remove(key)
      remove(key + 1)
    } else if (seen.length < 20) {
      add(key + KEYS)
    }

    if (seen.length > 100) {
      break
    }
  }

  return seen
}

describe('a transient set', () => {
  it('is as a set, whatever is done to it', () => {
    fc.assert(fc.property(steps, (all) => {
      const set = new Set<number>()
      const transient = new TransientSet<number>()

      for (const { what, key } of all) {
        if (what === 'add') {
          set.add(key)
          transient.add(key)
        } else if (what === 'delete') {
          expect(transient.delete(key)).toBe(set.delete(key))
        } else if (what === 'shift') {
          const first = set.values().next().value

          set.delete(first ?? NaN)
          expect(transient.shift()).toBe(first)
        } else if (what === 'clear') {
          set.clear()
          transient.clear()
        } else {
          const seen = [set, transient].map((items) => walk(items, { add: (other) => { items.add(other) }, remove: (other) => { items.delete(other) } }))

          expect(seen[1]).toEqual(seen[0])
        }

        expect([transient.size, transient.has(key), transient.first()]).toEqual([set.size, set.has(key), set.values().next().value])
      }

      expect([...transient]).toEqual([...set])
    }))
  })
})

describe('a transient map', () => {
  it('is as a map, whatever is done to it', () => {
    fc.assert(fc.property(steps, (all) => {
      const map = new Map<number, number>()
      const transient = new TransientMap<number, number>()

      for (const [value, { what, key }] of all.entries()) {
        if (what === 'add') {
          map.set(key, value)
          transient.set(key, value)
        } else if (what === 'delete') {
          expect(transient.delete(key)).toBe(map.delete(key))
        } else if (what === 'clear') {
          map.clear()
          transient.clear()
        } else {
          const seen = [map, transient].map((items) => walk(keysOf(items), { add: (other) => { items.set(other, value) }, remove: (other) => { items.delete(other) } }))

          expect(seen[1]).toEqual(seen[0])
        }

        expect([transient.size, transient.has(key), transient.get(key), transient.first()]).toEqual([map.size, map.has(key), map.get(key), map.entries().next().value])
      }

      expect([...transient]).toEqual([...map])
      expect([...transient.values()]).toEqual([...map.values()])
    }))
  })
})

function * keysOf (entries: Iterable<[number, unknown]>): Generator<number> {
  for (const [key] of entries) {
    yield key
  }
}

describe('what has been in a busy collection', () => {
  /** Bytes that survive collections of the young generation after 20 MiB of items came and went, 64 at a time. */
  function survivors (add: (item: object) => void, remove: (item: object) => void): number {
    let before = 0

    for (let batch = 0; batch < 80; batch++) {
      const items = Array.from({ length: 64 }, () => ({ payload: new Array(500) }))

      items.forEach(add)

      if (batch === 0) {
        collect() // the table of now grows old
        before = getHeapStatistics().used_heap_size
      }

      items.forEach(remove)

      if (batch % 20 === 19) {
        collect({ type: 'minor' })
      }
    }

    collect({ type: 'minor' })

    return getHeapStatistics().used_heap_size - before
  }

  it('is found by the first collection of the young generation, and not by the next full one as with a Set or a Map', () => {
    const [set, map, transientSet, transientMap] = [new Set<object>(), new Map<object, object>(), new TransientSet<object>(), new TransientMap<object, object>()]

    expect(survivors((item) => { set.add(item) }, (item) => { set.delete(item) })).toBeGreaterThan(10 * MIB)
    expect(survivors((item) => { map.set(item, item) }, (item) => { map.delete(item) })).toBeGreaterThan(10 * MIB)
    expect(survivors((item) => { transientSet.add(item) }, (item) => { transientSet.delete(item) })).toBeLessThan(2 * MIB)
    expect(survivors((item) => { transientMap.set(item, item) }, (item) => { transientMap.delete(item) })).toBeLessThan(2 * MIB)
  })
})
