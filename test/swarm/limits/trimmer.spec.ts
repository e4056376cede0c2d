import { describe, expect, it } from 'vitest'
import { TRIM_DELAY_MS, Trimmer } from '../../../src/swarm/limits/index.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import type { TrimCandidate, TrimmerInit } from '../../../src/swarm/limits/index.ts'

const SETTINGS = { highWater: 3, lowWater: 2, trimGraceMs: 20_000 }

interface Fixture {
  clock: FakeClock
  open: Array<TrimCandidate<string>>
  closed: string[]
  errors: Error[]
  looks(): number
  trimmer: Trimmer<string>
}

function fixture (init: Partial<TrimmerInit<string>> = {}): Fixture {
  const clock = new FakeClock()
  const closed: string[] = []
  const errors: Error[] = []
  const open: Array<TrimCandidate<string>> = []
  let looks = 0

  const trimmer = new Trimmer<string>({
    settings: SETTINGS,
    clock,
    candidates: () => {
      looks++

      return [...open]
    },
    close: (connection) => {
      closed.push(connection)
      open.splice(open.findIndex((candidate) => candidate.connection === connection), 1)
    },
    onError: (error) => { errors.push(error) },
    ...init
  })

  return { clock, open, closed, errors, trimmer, looks: () => looks }
}

function add ({ open, clock }: Fixture, connection: string, ageMs: number, over: Partial<TrimCandidate<string>> = {}): void {
  open.push({ connection, protected: false, tagValue: 0, streams: 0, direction: 'inbound', openedAt: clock.now() - ageMs, limited: false, ...over })
}

describe('Trimmer', () => {
  it('answers a burst of requests with one look, after a moment', async () => {
    const test = fixture()

    for (let n = 0; n < 4; n++) {
      add(test, `c${n}`, 30_000 + n)
      test.trimmer.request()
    }

    await test.clock.advance(TRIM_DELAY_MS - 1)
    expect(test.looks()).toBe(0)

    await test.clock.advance(1)
    expect(test.looks()).toBe(1)
    expect(test.closed).toEqual(['c0', 'c1'])
    expect(test.clock.pending).toBe(0)
  })

  it('does not put off its look when requests keep coming', async () => {
    const test = fixture()

    test.trimmer.request()
    await test.clock.advance(TRIM_DELAY_MS - 1)
    test.trimmer.request()
    await test.clock.advance(1)

    expect(test.looks()).toBe(1)
    expect(test.clock.pending).toBe(0)
  })

  it('looks again when a grace ends, though nobody asks', async () => {
    const test = fixture()

    for (const age of [0, 1_000, 2_000, 3_000]) {
      add(test, `${age}`, age)
    }

    test.trimmer.request()
    await test.clock.advance(TRIM_DELAY_MS)
    expect(test.closed).toEqual([])

    // the third oldest is the first too many; its grace ends 19 s from the start
    await test.clock.advance(19_000 - TRIM_DELAY_MS - 1)
    expect(test.looks()).toBe(1)

    await test.clock.advance(1)
    expect(test.closed).toEqual(['1000'])
    expect(test.clock.pending).toBe(0)
  })

  it('looks at once when asked while it waits for a grace to end', async () => {
    const test = fixture()

    for (let n = 0; n < 4; n++) {
      add(test, `c${n}`, 0)
    }

    test.trimmer.request()
    await test.clock.advance(TRIM_DELAY_MS)
    add(test, 'old', 30_000)
    add(test, 'older', 30_001)
    add(test, 'oldest', 30_002)
    test.trimmer.request()
    await test.clock.advance(TRIM_DELAY_MS)

    expect(test.closed).toEqual(['old'])
    expect(test.clock.pending).toBe(1)
    test.trimmer[Symbol.dispose]()
  })

  it('hands a failed close on, and closes the other victims', async () => {
    const thrown = new Error('close')
    const tried: string[] = []
    const test = fixture({
      close: async (connection) => {
        tried.push(connection)
        throw thrown
      }
    })

    for (let n = 0; n < 4; n++) {
      add(test, `c${n}`, 30_000)
    }

    test.trimmer.request()
    await test.clock.advance(TRIM_DELAY_MS)
    await settle()

    expect(tried).toEqual(['c0', 'c1'])
    expect(test.errors).toEqual([thrown, thrown])
  })

  it('survives candidates that cannot be listed', async () => {
    const thrown = new Error('candidates')
    const test = fixture({ candidates: () => { throw thrown } })

    test.trimmer.request()
    await test.clock.advance(TRIM_DELAY_MS)
    test.trimmer.request()
    await test.clock.advance(TRIM_DELAY_MS)

    expect(test.errors).toEqual([thrown, thrown])
  })

  it('does nothing any more, and leaves no timer, after it is disposed of', async () => {
    const test = fixture()

    for (let n = 0; n < 4; n++) {
      add(test, `c${n}`, 30_000)
    }

    test.trimmer.request()
    test.trimmer[Symbol.dispose]()
    test.trimmer.request()
    expect(test.clock.pending).toBe(0)

    await test.clock.advance(60_000)
    expect(test.looks()).toBe(0)
  })

  it('leaves no timer when it is disposed of by what it closes', async () => {
    const test = fixture({ close: () => { test.trimmer[Symbol.dispose]() } })

    for (let n = 0; n < 4; n++) {
      add(test, `old ${n}`, 30_000)
      add(test, `new ${n}`, 0)
    }

    test.trimmer.request()
    await test.clock.advance(TRIM_DELAY_MS)

    expect(test.looks()).toBe(1)
    expect(test.clock.pending).toBe(0)
  })
})
