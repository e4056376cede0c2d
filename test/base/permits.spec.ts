import { describe, expect, it } from 'vitest'
import { holding, Permits } from '../../src/base/index.ts'

describe('Permits', () => {
  it('hands out as many as there are, then none until one comes back', () => {
    const permits = new Permits(2)
    const first = permits.tryAcquire()

    permits.tryAcquire()

    expect(permits.tryAcquire()).toBeUndefined()

    first?.[Symbol.dispose]()

    expect(permits.tryAcquire()).toBeDefined()
    expect(permits.used).toBe(2)
  })

  it('serves waiters in the order in which they came', async () => {
    const permits = new Permits(1)
    const held = permits.tryAcquire()
    const served: number[] = []
    const waiters = [1, 2, 3].map(async (n) => {
      const permit = await permits.acquire()

      served.push(n)
      permit[Symbol.dispose]()
    })

    held?.[Symbol.dispose]()
    await Promise.all(waiters)

    expect(served).toEqual([1, 2, 3])
  })

  it('counts a permit that is given back twice once', () => {
    const permits = new Permits(2)
    const permit = permits.tryAcquire()

    permits.tryAcquire()
    permit?.[Symbol.dispose]()
    permit?.[Symbol.dispose]()

    expect(permits.used).toBe(1)
  })

  it('never grants a permit to a waiter that has left', async () => {
    const permits = new Permits(1)
    const held = permits.tryAcquire()
    const controller = new AbortController()
    const reason = new Error('gone')
    const left = permits.acquire(controller.signal)
    const stays = permits.acquire()

    controller.abort(reason)
    await expect(left).rejects.toBe(reason)
    held?.[Symbol.dispose]()
    await stays

    expect(permits.used).toBe(1)
    expect(permits.waiting).toBe(0)
  })

  it('refuses a number of permits that is none', () => {
    expect(() => new Permits(-1)).toThrow('must be 0 or more, received -1')
    expect(() => new Permits(NaN)).toThrow(RangeError)
  })
})

describe('holding', () => {
  it('gives back what it held when the work is done, and when it fails', async () => {
    const permits = new Permits(1)

    expect(await holding(permits.tryAcquire(), async () => permits.used)).toBe(1)
    expect(permits.used).toBe(0)

    await expect(holding(permits.tryAcquire(), async () => { throw new Error('no') })).rejects.toThrow('no')
    expect(permits.used).toBe(0)
  })
})
