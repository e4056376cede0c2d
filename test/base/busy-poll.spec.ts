import { describe, expect, it } from 'vitest'
import { BUSY_POLL_DEFAULTS, BusyPoll } from '../../src/base/index.ts'
import type { BusyPollInit } from '../../src/base/index.ts'

const { quickUs, maxPollUs, patience, maxPatience, trialLosses, provenLosses } = BUSY_POLL_DEFAULTS

/** A loop whose turns take a microsecond, and which sleeps when nothing keeps it awake. */
class FakeLoop {
  #now = 0
  #next: (() => void) | undefined

  now (): number {
    return this.#now
  }

  next (fn: () => void): void {
    this.#next = fn
  }

  get isAwake (): boolean {
    return this.#next != null
  }

  /** How long it was awake of the next `us`. */
  run (us: number): number {
    let awake = 0

    for (let i = 0; i < us; i++) {
      const next = this.#next

      this.#next = undefined
      this.#now++
      awake += next == null ? 0 : 1
      next?.()
    }

    return awake
  }
}

interface Scene {
  readonly loop: FakeLoop
  readonly poll: BusyPoll
  /** Microseconds that it was awake for an answer that takes `us`. */
  ask(us: number): number
  /** How many answers of `us` come before it polls for one. */
  answersBefore(us: number): number
}

function scene (init?: BusyPollInit): Scene {
  const loop = new FakeLoop()
  const poll = new BusyPoll(init, loop)

  function ask (us: number): number {
    poll.onSend()

    const awake = loop.run(us)

    poll.onReceive()

    return awake
  }

  function answersBefore (us: number): number {
    let count = 0

    while (ask(us) === 0) {
      count++
    }

    return count
  }

  return { loop, poll, ask, answersBefore }
}

describe('busy polling', () => {
  it('begins after some quick answers in a row', () => {
    const { ask, answersBefore } = scene()

    expect(answersBefore(quickUs)).toBe(patience)

    const second = scene()

    for (let i = 0; i < 100; i++) {
      second.ask(i % patience === 0 ? quickUs + 1 : quickUs)
    }

    expect(second.ask(quickUs)).toBe(0)
    expect(ask(1)).toBe(1)
  })

  it('keeps the loop awake until the answer has come, and not between', () => {
    const { loop, ask, answersBefore } = scene()

    answersBefore(20)

    expect(ask(20)).toBe(20)
    expect(loop.run(1)).toBe(1)
    expect([loop.isAwake, loop.run(1000)]).toEqual([false, 0])
    expect(ask(20)).toBe(20)
  })

  it('gives one answer up when it takes longer than a sleep would cost', () => {
    const { ask, answersBefore } = scene()

    answersBefore(20)

    expect(ask(10_000)).toBe(maxPollUs + 1)
    expect(ask(20)).toBe(20)
  })

  it('waits for the first answer, whatever else is sent meanwhile', () => {
    const { loop, poll, answersBefore } = scene()

    answersBefore(20)
    poll.onSend()
    loop.run(maxPollUs - 10)
    poll.onSend()

    expect(loop.run(1000)).toBe(11)
  })

  it('ends when a trial fails, and rests twice as long each time, up to a bound', () => {
    const { answersBefore, ask } = scene()
    const rests: number[] = []

    for (let i = 0; i < 8; i++) {
      rests.push(answersBefore(quickUs))
      Array.from({ length: trialLosses - 1 }, () => ask(quickUs))
    }

    expect(rests).toEqual([4, 8, 16, 32, 64, 128, 256, 256])
    expect(maxPatience).toBe(256)
  })

  it('outlives some slow answers once it has proven itself, and tries again soon after too many', () => {
    const { answersBefore, ask } = scene()

    for (let i = 0; i < 3; i++) {
      answersBefore(quickUs)
      Array.from({ length: trialLosses - 1 }, () => ask(quickUs))
    }

    answersBefore(20)
    Array.from({ length: 100 }, () => ask(20))

    const awake = Array.from({ length: provenLosses + 1 }, () => ask(quickUs))

    expect(awake).toEqual([...Array.from({ length: provenLosses }, () => maxPollUs + 1), 0])
    expect(answersBefore(quickUs)).toBe(2 * patience - 1)
  })

  it('costs nothing where answers are slow, and where nothing is answered', () => {
    const { loop, poll, ask } = scene()

    expect(Array.from({ length: 100 }, () => ask(quickUs + 1)).reduce((sum, awake) => sum + awake)).toBe(0)

    for (let i = 0; i < 100; i++) {
      poll.onSend()
      expect(loop.run(10)).toBe(0)
      poll.onReceive()
      poll.onReceive()
      poll.onSend()
      loop.run(10_000)
    }
  })
})
