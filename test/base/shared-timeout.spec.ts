import { describe, expect, it } from 'vitest'
import { SharedTimeout } from '../../src/base/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import type { Pending } from '../../src/base/index.ts'

interface Scene {
  clock: FakeClock
  timeout: SharedTimeout
  /** Names of what took too long, in that order. */
  late: string[]
  begin(name: string): Pending
}

function scene (timeoutMs = 100): Scene {
  const clock = new FakeClock()
  const timeout = new SharedTimeout(clock, timeoutMs)
  const late: string[] = []

  return {
    clock,
    timeout,
    late,
    begin (name) {
      const pending = { onTimeout: () => { late.push(name) } }

      timeout.add(pending)

      return pending
    }
  }
}

describe('SharedTimeout', () => {
  it('tells each when its time is up, with one timer for all', async () => {
    const { clock, late, begin } = scene()

    begin('a')
    await clock.advance(60)
    begin('b')
    begin('c')
    expect(clock.pending).toBe(1)

    await clock.advance(39)
    expect(late).toEqual([])
    await clock.advance(1)
    expect(late).toEqual(['a'])
    await clock.advance(60)
    expect(late).toEqual(['a', 'b', 'c'])
    expect(clock.pending).toBe(0)
  })

  it('forgets what is done, and sets no timer while nothing is pending', async () => {
    const { clock, timeout, late, begin } = scene()
    const first = begin('a')
    const second = begin('b')

    timeout.delete(first)
    expect(clock.pending).toBe(1)
    timeout.delete(second)
    timeout.delete(second)
    expect(clock.pending).toBe(0)

    await clock.advance(200)
    expect(late).toEqual([])
  })

  it('gives the next its whole time when the first was done early', async () => {
    const { clock, timeout, late, begin } = scene()
    const first = begin('a')

    await clock.advance(50)
    begin('b')
    timeout.delete(first)
    await clock.advance(99)
    expect(late).toEqual([])
    await clock.advance(1)

    expect(late).toEqual(['b'])
  })

  it('may be added to, and deleted from, by who is told', async () => {
    const { clock, timeout, late, begin } = scene()
    const others: Pending[] = []

    timeout.add({
      onTimeout: () => {
        begin('again')
        others.forEach((other) => { timeout.delete(other) })
      }
    })
    others.push(begin('other'))
    await clock.advance(100)
    expect(late).toEqual([])
    await clock.advance(100)

    expect(late).toEqual(['again'])
    expect(clock.pending).toBe(0)
  })

  it('is not put off by what begins while another is told', async () => {
    const { clock, timeout, late, begin } = scene()

    timeout.add({ onTimeout: () => { begin('late') } })
    await clock.advance(50)
    begin('early')
    await clock.advance(100)
    expect(late).toEqual(['early'])
    await clock.advance(50)

    expect(late).toEqual(['early', 'late'])
  })

  it('never comes when it is infinite', async () => {
    const { clock, late, begin } = scene(Infinity)

    begin('a')
    expect(clock.pending).toBe(0)
    await clock.advance(1e9)

    expect(late).toEqual([])
  })
})
