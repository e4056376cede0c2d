import { describe, expect, it } from 'vitest'
import { figure } from '../../benchmarks/report/figures.ts'
import { parseLimits } from '../../benchmarks/report/limits.ts'
import { markdown } from '../../benchmarks/report/markdown.ts'
import { median, ratio, spread } from '../../benchmarks/report/statistics.ts'
import { svg } from '../../benchmarks/report/svg.ts'
import { questionTable, verdictTable } from '../../benchmarks/report/table.ts'
import { verdicts } from '../../benchmarks/report/verdicts.ts'
import type { Cell, QuestionResult, Results } from '../../benchmarks/harness/results.ts'
import type { Target } from '../../benchmarks/targets.ts'

const COST = { serverCpuSeconds: 0.5, clientCpuSeconds: 0.25, serverPeakBytes: 64 * 2 ** 20, clientPeakBytes: 32 * 2 ** 20 }

/** A system that saw these values, one a round. */
function cell (system: string, ...values: number[]): Cell {
  return { system, rounds: values.map((value) => ({ value, units: 1000, seconds: 1, cost: COST, foreignShare: 0, isDisturbed: false })) }
}

function question (...cells: Cell[]): QuestionResult {
  return {
    name: 'bulk',
    title: 'Bulk transfer',
    about: 'Many bytes.',
    measures: [{ name: 'bulk-1', title: 'bulk, one stream', unit: 'MiB/s', better: 'more', per: 'MiB', cells }]
  }
}

function results (...cells: Cell[]): Results {
  return {
    date: '2026-11-21T10:00:00.000Z',
    commit: 'abc',
    machine: { cpu: 'a CPU', cores: 2, memoryBytes: 2 ** 33, system: 'Linux 6', node: 'v24', openssl: '3' },
    rounds: 3,
    seconds: 1,
    systems: [{ name: 'swarmd Noise', about: 'ours', versions: {} }, { name: 'other', about: 'theirs', versions: { other: '1.2.3' }, missing: 'there is no Go' }],
    questions: [question(...cells)]
  }
}

function target (bound: Pick<Target, 'atLeast' | 'atMost'>): Target {
  return {
    key: 'bulk-1/swarmd Noise/other',
    title: 'bulk, one stream, Noise',
    ours: { measure: 'bulk-1', system: 'swarmd Noise' },
    theirs: { measure: 'bulk-1', system: 'other' },
    ...bound
  }
}

describe('statistics', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[NaN, 5], 5],
    [[], NaN]
  ])('have the median of %j at %d', (values, middle) => {
    expect(median(values)).toBe(middle)
  })

  it('have the smallest and the largest beside it', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
  })

  it('compare what was seen in the same round', () => {
    // medians alone would say 10 / 5
    expect(ratio([10, 30, 5], [5, 10, 5])).toBe(2)
    expect(ratio([10, 40, 4], [5, 10, 4])).toBe(2)
    expect(ratio([1, 100, 10], [1, 10, 10])).toBe(1)
  })

  it('compare the rounds that both have', () => {
    expect(ratio([2, 4, 100], [1, 1])).toBe(3)
  })
})

describe('figures', () => {
  it.each([
    [0.1234, '0.12'],
    [12.34, '12.3'],
    [1234, '1234'],
    [12_345, '12.3 k'],
    [530_000, '530 k'],
    [5_430_000, '5.43 M'],
    [NaN, '–']
  ])('say %d as %s', (value, text) => {
    expect(figure(value)).toBe(text)
  })
})

describe('verdicts', () => {
  it.each([
    ['met', { atLeast: 2 }, 2],
    ['missed', { atLeast: 2.1 }, 2],
    ['met', { atMost: 2 }, 2],
    ['missed', { atMost: 1.9 }, 2]
  ] as const)('are %s for %j', (outcome, bound, seen) => {
    const [verdict] = verdicts(results(cell('swarmd Noise', 10, 20), cell('other', 5, 10)), [target(bound)])

    expect(verdict).toMatchObject({ outcome, ratio: seen })
  })

  it('are open where one of the two was not measured', () => {
    const [verdict] = verdicts(results(cell('swarmd Noise', 10), cell('other')), [target({ atLeast: 2 })])

    expect(verdict).toMatchObject({ outcome: 'not measured', ratio: undefined })
  })
})

describe('tables', () => {
  it('have a row for each system with figures, and columns that line up', () => {
    const lines = questionTable(question(cell('swarmd Noise', 100, 120, 110), cell('other', 50, 60, 55), cell('silent'))).trim().split('\n')

    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      ['bulk, one stream, MiB/s', 'median', 'min', 'max', 'CPU µs/MiB: server', 'client', 'peak MiB: server', 'client', 'Noise ÷', 'also'],
      ['swarmd Noise', '110', '100', '120', '500', '250', '64.0', '32.0'],
      ['other', '55.0', '50.0', '60.0', '500', '250', '64.0', '32.0', '2.00 ×']
    ])
  })

  it('name what failed, and not what is not offered', () => {
    const text = questionTable(question({ ...cell('other'), error: 'failed: no route\n at place' }, { ...cell('silent'), error: 'it has no counterpart' }))

    expect(text).toBe('other failed: no route\n')
  })

  it('tell which rounds were disturbed', () => {
    const [round] = cell('other', 1).rounds
    const text = questionTable(question({ system: 'other', rounds: round == null ? [] : [round, { ...round, isDisturbed: true }] }))

    expect(text).toContain('1 of 2 disturbed')
  })

  it('have the targets that were judged', () => {
    const all = results(cell('swarmd Noise', 10), cell('other', 5))

    expect(verdictTable(verdicts(all, [target({ atLeast: 3 })]))).toMatch(/bulk, one stream, Noise +other +≥ 3.00 × +2.00 × +missed/)
    expect(verdictTable(verdicts(results(), [target({ atLeast: 3 })]))).toBe('')
  })
})

describe('RESULTS.md', () => {
  const limits = parseLimits('# Why\n\nIntroduction.\n\n## bulk-1/swarmd Noise/other\n\nThe cipher is slow.\n\n## something else\n\nNo.\n')

  it('explains what is missed', () => {
    const text = markdown(results(cell('swarmd Noise', 10), cell('other', 5)), [target({ atLeast: 3 })], limits)

    expect(text).toContain('| bulk, one stream, Noise | other | ≥ 3.00 × | 2.00 × | **missed** |')
    expect(text).toContain('- **bulk, one stream, Noise, beside other**: The cipher is slow.')
  })

  it('explains nothing when all is met', () => {
    const text = markdown(results(cell('swarmd Noise', 10), cell('other', 5)), [target({ atLeast: 2 })], limits)

    expect(text).toContain('| ≥ 2.00 × | 2.00 × | met |')
    expect(text).not.toContain('What is missed')
  })

  it('says on what, and with which versions', () => {
    const text = markdown(results(cell('swarmd Noise', 10)), [], limits)

    expect(text).toContain('2026-11-21, commit abc, Node v24 with OpenSSL 3, Linux 6, 2 cores of a CPU, 8 GiB.')
    expect(text).toContain('| other | theirs. Not measured: there is no Go | other 1.2.3 |')
  })
})

describe('the chart', () => {
  it('has a bar for each system, the best first, on a logarithmic scale', () => {
    const image = svg(results(cell('other', 10), cell('swarmd Noise', 100), cell('silent')))
    const bars = Array.from(image.matchAll(/<rect class="(\w+)" .*? width="([\d.]+)"/g), ([, name, width]) => [name, Number(width)])

    // from 1 to 100 are two decades
    expect(bars).toEqual([['ours', 550], ['theirs', 275]])
  })

  it('escapes what has a meaning in XML', () => {
    expect(svg(results(cell('a<b&c', 1)))).toContain('>a&lt;b&amp;c<')
  })
})
