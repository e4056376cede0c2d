import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ReceiveWindow, SendWindow, WindowBudget } from '../../src/yamux/window.ts'

const KIB = 1024
const INITIAL = 256 * KIB

function receiveWindow ({ max = 4096 * KIB, budget = 64 * 1024 * KIB, now = 0 } = {}): { window: ReceiveWindow, budget: WindowBudget } {
  const shared = new WindowBudget(budget)

  return { window: new ReceiveWindow(shared, max, now), budget: shared }
}

function read (window: ReceiveWindow, bytes: number): void {
  window.receive(bytes)
  window.consume(bytes)
}

describe('SendWindow', () => {
  // yamux 3.1
  it('begins with 256 KiB, and is what credit was added and not used', () => {
    const window = new SendWindow()

    window.take(200 * KIB)
    window.grow(10 * KIB)

    expect(window.available).toBe(66 * KIB)
  })

  it('takes credit up to 2^32 - 1 and refuses more', () => {
    const window = new SendWindow()

    window.grow(2 ** 32 - 1 - INITIAL)

    expect(window.available).toBe(2 ** 32 - 1)
    expect(() => { window.grow(1) }).toThrow(expect.objectContaining({ rule: 'windowOverflow' }))
  })
})

describe('ReceiveWindow', () => {
  // yamux 3.2
  it('takes frames that fit what is left of it, and refuses one byte more', () => {
    const { window } = receiveWindow()

    window.receive(INITIAL - 1)

    expect(() => { window.receive(2) }).toThrow(expect.objectContaining({ rule: 'windowExceeded', message: 'a data frame must fit the 1 bytes left of the window, received 2' }))
    expect(() => { window.receive(1) }).not.toThrow()
  })

  // yamux 3.4
  it('has something to return from half a window on, and returns all that is due', () => {
    const { window } = receiveWindow()

    read(window, 128 * KIB - 1)
    expect(window.isReturnDue).toBe(false)

    read(window, 1)
    expect(window.isReturnDue).toBe(true)
    expect(window.giveBack({ now: 1, rtt: undefined })).toBe(128 * KIB)
    expect(window.credit).toBe(INITIAL)
  })

  // yamux 3.3
  it('returns nothing for bytes that are unread', () => {
    const { window } = receiveWindow()

    window.receive(INITIAL)
    expect(window.isReturnDue).toBe(false)

    window.consume(200 * KIB)
    expect(window.giveBack({ now: 1, rtt: undefined })).toBe(200 * KIB)
    expect(window.credit).toBe(200 * KIB)
  })

  // yamux 3.5
  it.each([
    [199, 512 * KIB],
    [200, INITIAL]
  ])('after %i ms of 2 round trips of 100 ms is of %i bytes', (now, size) => {
    const { window } = receiveWindow()

    read(window, 128 * KIB)
    window.giveBack({ now, rtt: 100 })

    expect(window.size).toBe(size)
  })

  it('does not grow before a round trip is known, nor when less than half is returned', () => {
    const { window } = receiveWindow()

    read(window, 128 * KIB)
    window.giveBack({ now: 1, rtt: undefined })
    read(window, 10)
    window.giveBack({ now: 2, rtt: 100 })

    expect(window.size).toBe(INITIAL)
    expect(window.credit).toBe(INITIAL)
  })

  it('grows to its maximum and no further, with what it grew by on top of what it returns', () => {
    const { window } = receiveWindow({ max: 700 * KIB })

    read(window, INITIAL)
    expect(window.giveBack({ now: 1, rtt: 100 })).toBe(512 * KIB)
    read(window, 512 * KIB)
    expect(window.giveBack({ now: 2, rtt: 100 })).toBe(700 * KIB)
    read(window, 700 * KIB)
    expect(window.giveBack({ now: 3, rtt: 100 })).toBe(700 * KIB)
  })

  it.each([
    [1.25, 2048 * KIB],
    [1.2, 1024 * KIB]
  ])('is twice the size a third time if %f times as many bytes come since the second, which makes %i', (gain, size) => {
    const { window } = receiveWindow({ max: 2048 * KIB })

    read(window, INITIAL)
    window.giveBack({ now: 1, rtt: 10_000 })
    read(window, 512 * KIB)
    window.giveBack({ now: 1001, rtt: 10_000 })
    expect(window.size).toBe(1024 * KIB)

    read(window, 1024 * KIB)
    window.giveBack({ now: 1001 + 2000 / gain, rtt: 10_000 })

    expect(window.size).toBe(size)
  })

  it('is asked again with every window whether growth would pay off', () => {
    const { window } = receiveWindow({ max: 2048 * KIB })

    for (const [bytes, now] of [[256, 1], [512, 1001], [1024, 3001]] as const) {
      read(window, bytes * KIB)
      window.giveBack({ now, rtt: 10_000 })
    }

    expect(window.size).toBe(1024 * KIB)

    read(window, 1024 * KIB)
    window.giveBack({ now: 4001, rtt: 10_000 })

    expect(window.size).toBe(2048 * KIB)
  })

  it('shares a budget that initial windows may pass and growth may not', () => {
    const { window: first, budget } = receiveWindow({ budget: 700 * KIB })
    const second = new ReceiveWindow(budget, 4096 * KIB, 0)

    read(first, INITIAL)
    first.giveBack({ now: 1, rtt: 100 })
    expect([first.size, budget.used]).toEqual([INITIAL, 512 * KIB])

    second.close()
    read(first, INITIAL)
    first.giveBack({ now: 2, rtt: 100 })
    expect([first.size, budget.used]).toEqual([512 * KIB, 512 * KIB])

    first.close()
    first.close()
    expect(budget.used).toBe(0)
  })

  it('never lets the peer send more than its size beyond what was read, in any order of events', () => {
    const step = fc.record({ send: fc.nat({ max: 300 * KIB }), consume: fc.nat({ max: 300 * KIB }), ms: fc.nat({ max: 300 }) })

    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { window, budget } = receiveWindow({ max: 1024 * KIB })
      let now = 0
      let unread = 0

      for (const { send, consume, ms } of steps) {
        const sent = Math.min(send, window.credit)
        const read = Math.min(consume, unread + sent)

        now += ms
        window.receive(sent)
        window.consume(read)
        unread += sent - read

        if (window.isReturnDue) {
          window.giveBack({ now, rtt: 50 })
        }

        expect(window.credit + unread).toBeLessThanOrEqual(window.size)
        expect(window.size).toBeLessThanOrEqual(1024 * KIB)
        expect(budget.used).toBe(window.size)
      }
    }))
  })
})
