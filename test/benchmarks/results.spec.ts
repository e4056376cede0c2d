import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseLimits } from '../../benchmarks/report/limits.ts'
import { markdown } from '../../benchmarks/report/markdown.ts'
import { summary } from '../../benchmarks/report/summary.ts'
import { svg } from '../../benchmarks/report/svg.ts'
import { verdicts } from '../../benchmarks/report/verdicts.ts'
import { TARGETS } from '../../benchmarks/targets.ts'
import type { Results } from '../../benchmarks/harness/results.ts'

function read (name: string): string {
  return readFileSync(new URL(`../../benchmarks/${name}`, import.meta.url), 'utf8')
}

describe('the results of the benchmarks', () => {
  const results = JSON.parse(read('results.json')) as Results
  const limits = parseLimits(read('limits.md'))

  it('stand in RESULTS.md as results.json, the targets and limits.md have them', () => {
    expect(read('RESULTS.md')).toBe(markdown(results, TARGETS, limits))
  })

  it('stand in the README, what misses its target beside what does not', () => {
    expect(readFileSync(new URL('../../README.md', import.meta.url), 'utf8')).toContain(summary(results, TARGETS))
  })

  it('are drawn as results.json has them', () => {
    expect(read('results.svg')).toBe(svg(results))
  })

  it('compare all that the targets do', () => {
    expect(verdicts(results, TARGETS).filter(({ outcome }) => outcome === 'not measured').map(({ target }) => target.key)).toEqual([])
  })

  it('are explained where they miss a target, and nowhere else', () => {
    const missed = verdicts(results, TARGETS).filter(({ outcome }) => outcome === 'missed').map(({ target }) => target.key)

    expect(Array.from(limits.keys()).toSorted()).toEqual(missed.toSorted())
  })
})
