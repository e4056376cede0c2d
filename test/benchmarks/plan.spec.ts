import { describe, expect, it } from 'vitest'
import { parseOptions } from '../../benchmarks/harness/options.ts'
import { countReadings, planAll, planTargets } from '../../benchmarks/harness/plan.ts'
import { heaviestOf } from '../../benchmarks/harness/profile.ts'
import { QUESTIONS } from '../../benchmarks/questions/index.ts'
import { quantile } from '../../benchmarks/questions/question.ts'
import { findSystems, SYSTEMS } from '../../benchmarks/systems/index.ts'
import { TARGETS } from '../../benchmarks/targets.ts'

const MEASURES = QUESTIONS.flatMap(({ measures }) => measures)

describe('targets', () => {
  const places = TARGETS.flatMap(({ ours, theirs }) => [ours, theirs])

  it('name measures that there are', () => {
    expect(places.filter(({ measure }) => !MEASURES.some(({ name }) => name === measure))).toEqual([])
  })

  it('name systems that there are', () => {
    expect(places.filter(({ system }) => !SYSTEMS.includes(system))).toEqual([])
  })

  it('have keys and bounds of their own', () => {
    expect(new Set(TARGETS.map(({ key }) => key)).size).toBe(TARGETS.length)
    expect(TARGETS.filter(({ atLeast, atMost }) => (atLeast == null) === (atMost == null))).toEqual([])
  })
})

describe('a plan', () => {
  it('has what the targets compare, and no more', () => {
    const plan = planTargets(QUESTIONS, TARGETS.filter(({ key }) => key.startsWith('streams-64')))

    expect(plan.map(({ question, measures }) => [question.name, ...measures.map(({ measure, systems }) => [measure.name, ...systems])])).toEqual([
      ['streams', ['streams-64', 'swarmd Noise', 'js-libp2p Noise', 'HTTP/2 TLS']]
    ])
  })

  it('counts its readings', () => {
    const [bulk] = QUESTIONS

    expect(countReadings(planAll(bulk == null ? [] : [bulk], ['a', 'b']), 5)).toBe(2 * 2 * 5)
  })

  it('has measures with names of their own', () => {
    expect(new Set(MEASURES.map(({ name }) => name)).size).toBe(MEASURES.length)
  })
})

describe('systems', () => {
  it('are found by name, whatever the case, and by family', () => {
    expect(findSystems('raw-tcp')).toEqual(['raw TCP'])
    expect(findSystems('swarmd')).toEqual(['swarmd Noise', 'swarmd TLS', 'swarmd channels', 'swarmd typed service', 'swarmd mesh service'])
    expect(() => findSystems('carrier pigeon')).toThrow(RangeError)
  })
})

describe('options', () => {
  it('are fewer rounds unless all is asked for', () => {
    expect(parseOptions([])).toMatchObject({ rounds: 3, isFull: false, systems: undefined })
    expect(parseOptions(['--full'])).toMatchObject({ rounds: 4, isFull: true })
  })

  it('refuse numbers that are none', () => {
    expect(() => parseOptions(['--rounds', 'many'])).toThrow('--rounds must be a number above 0, received many')
  })

  it('profile swarmd and nobody else', () => {
    expect(parseOptions(['--profile'])).toMatchObject({ systems: ['swarmd'], isProfiled: true })
  })
})

describe('a profile', () => {
  it('has the heaviest functions first, and no idle time', () => {
    const node = (id: number, functionName: string, url: string): Parameters<typeof heaviestOf>[0]['nodes'][number] => ({ id, callFrame: { functionName, url, lineNumber: 9 } })

    expect(heaviestOf({
      nodes: [node(1, '(idle)', ''), node(2, 'light', 'file:///somewhere/src/a.ts'), node(3, '', 'file:///somewhere/src/b.ts')],
      samples: [1, 2, 3, 3],
      timeDeltas: [1000, 25, 25, 50]
    })).toEqual([{ place: '(anonymous) src/b.ts:10', share: 0.75 }, { place: 'light src/a.ts:10', share: 0.25 }])
  })
})

describe('a quantile', () => {
  it.each([[0.5, 2], [0.99, 4], [0, 1]])('of %d is the smallest value that so much of all is not above', (share, value) => {
    expect(quantile([4, 2, 1, 3], share)).toBe(value)
  })
})
