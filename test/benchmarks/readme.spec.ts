import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { QUESTIONS } from '../../benchmarks/questions/index.ts'

const README = readFileSync(new URL('../../benchmarks/README.md', import.meta.url), 'utf8')

it.each([
  ['connections-32', 'warmUpSeconds', /connections ×32 (\d+) s/],
  ['connections-32', 'leadInSeconds', /(\d+) s of connections ×32/],
  ['peers-1000', 'leadInSeconds', /(\d+) s of operations among peers/]
] as const)('the README has the seconds that %s takes as %s', (name, property, pattern) => {
  const measure = QUESTIONS.flatMap(({ measures }) => measures).find((other) => other.name === name)

  expect(Number(pattern.exec(README)?.[1])).toBe(measure?.[property])
})
