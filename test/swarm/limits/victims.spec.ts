import { describe, expect, it } from 'vitest'
import { chooseVictims, nextTrimAt } from '../../../src/swarm/limits/index.ts'
import type { TrimCandidate, TrimRules } from '../../../src/swarm/limits/index.ts'

const NOW = 1_000_000
const RULES: TrimRules = { highWater: 0, lowWater: 0, graceMs: 20_000, now: NOW }

function candidate (connection: string, over: Partial<TrimCandidate<string>> = {}): TrimCandidate<string> {
  return { connection, protected: false, tagValue: 0, streams: 0, direction: 'inbound', openedAt: NOW - 60_000, limited: false, ...over }
}

function many (count: number, over: Partial<TrimCandidate<string>> = {}): Array<TrimCandidate<string>> {
  return Array.from({ length: count }, (_, n) => candidate(`c${n}`, over))
}

function victims (candidates: Array<TrimCandidate<string>>, rules: Partial<TrimRules> = {}): string[] {
  return chooseVictims(candidates, { ...RULES, ...rules }).map(({ candidate }) => candidate.connection)
}

describe('chooseVictims', () => {
  it('chooses none while there are no more than the high water mark', () => {
    expect(victims(many(10), { highWater: 10, lowWater: 2 })).toEqual([])
    expect(victims(many(10), { highWater: Infinity, lowWater: 2 })).toEqual([])
  })

  it('goes down to the low water mark and no further', () => {
    expect(victims(many(11), { highWater: 10, lowWater: 8 })).toHaveLength(3)
  })

  it('leaves more than the high water mark alone when the low one is above it', () => {
    expect(victims(many(5), { highWater: 2, lowWater: 7 })).toEqual([])
  })

  it.each([
    ['the lower tag value', { tagValue: 1, streams: 9, direction: 'outbound' }, { tagValue: 2 }],
    ['the one without streams', { direction: 'outbound' }, { streams: 1 }],
    ['the limited one', { limited: true, direction: 'outbound' }, {}],
    ['the inbound one', { streams: 2 }, { streams: 1, direction: 'outbound' }],
    ['the one with fewer streams', { streams: 1, openedAt: NOW - 90_000 }, { streams: 2 }],
    ['the younger one', { openedAt: NOW - 50_000 }, {}]
  ] as const)('closes %s first', (_, victim, survivor) => {
    const candidates = [candidate('survivor', survivor), candidate('victim', victim)]

    expect(victims(candidates, { highWater: 1, lowWater: 1 })).toEqual(['victim'])
  })

  it('decides between equals by their order', () => {
    expect(victims(many(4), { highWater: 3, lowWater: 2 })).toEqual(['c0', 'c1'])
  })

  it('never closes a protected connection, nor one in its grace', () => {
    const candidates = [
      candidate('protected', { protected: true, tagValue: -5 }),
      candidate('young', { openedAt: NOW - 19_999 }),
      candidate('ripe', { openedAt: NOW - 20_000 })
    ]

    expect(victims(candidates)).toEqual(['ripe'])
  })

  // complaint 14 of the survey: a flood of newcomers must not push out what has proven its worth
  it('counts only what can be closed, so that newcomers and protected peers push nobody out', () => {
    const newcomers = many(50, { openedAt: NOW })
    const kept = many(50, { protected: true })
    const old = many(8, { streams: 1 })

    expect(victims([...newcomers, ...kept, ...old], { highWater: 10, lowWater: 8 })).toEqual([])
    expect(victims([...newcomers, ...kept, ...old, candidate('ninth')], { highWater: 10, lowWater: 8 })).toEqual(['ninth'])
  })

  it('explains each victim in a sentence', () => {
    const candidates = [candidate('a'), candidate('b', { tagValue: 3, streams: 1, direction: 'outbound', limited: true, openedAt: NOW - 61_999 })]

    expect(chooseVictims(candidates, { ...RULES, highWater: 1 }).map(({ why }) => why)).toEqual([
      'there are 2 connections, more than 1 (limits.highWater), and this inbound one, open for 60 s, has no streams and a tag value of 0',
      'there are 2 connections, more than 1 (limits.highWater), and this limited outbound one, open for 61 s, has 1 stream and a tag value of 3'
    ])
  })

  it('leaves the list that it is given as it is', () => {
    const candidates = [candidate('b', { tagValue: 2 }), candidate('a')]

    chooseVictims(candidates, RULES)

    expect(candidates.map(({ connection }) => connection)).toEqual(['b', 'a'])
  })
})

describe('nextTrimAt', () => {
  it('is the end of the grace of the first connection too many', () => {
    const candidates = [3, 1, 2].map((n) => candidate(`c${n}`, { openedAt: NOW + n }))

    expect(nextTrimAt(candidates, { ...RULES, highWater: 2, lowWater: 1 })).toBe(NOW + 2 + 20_000)
  })

  it('is now when there are victims already', () => {
    expect(nextTrimAt(many(2), { ...RULES, highWater: 1, lowWater: 1 })).toBe(NOW)
  })

  it('is never when waiting does not help', () => {
    expect(nextTrimAt(many(2), { ...RULES, highWater: 2 })).toBeUndefined()
    expect(nextTrimAt(many(3, { protected: true }), { ...RULES, highWater: 2 })).toBeUndefined()
    expect(nextTrimAt(many(3), { ...RULES, highWater: 2, lowWater: 3 })).toBeUndefined()
    expect(nextTrimAt(many(3), { ...RULES, highWater: 2, graceMs: Infinity })).toBeUndefined()
  })
})
