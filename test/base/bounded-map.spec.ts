import { describe, expect, it } from 'vitest'
import { BoundedMap } from '../../src/base/index.ts'

describe('a bounded map', () => {
  it('forgets the oldest rather than grow, and takes what is set anew for the youngest', () => {
    const map = new BoundedMap<number>(2)

    map.set('a', 1)
    map.set('b', 2)
    map.set('a', 3)
    map.set('c', 4)

    expect(map.entries()).toEqual([['a', 3], ['c', 4]])
    expect([map.get('b'), map.has('b'), map.delete('a'), map.delete('a')]).toEqual([undefined, false, true, false])

    map.clear()
    expect(map.entries()).toEqual([])
  })
})
