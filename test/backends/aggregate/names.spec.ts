import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAggregateArgs } from '../../../src/backends/aggregate/engine-lines.ts'
import { mergeNames, splitName } from '../../../src/backends/aggregate/names.ts'
import { retryDelayMs } from '../../../src/backends/aggregate/options.ts'
import type { Listing } from '../../../src/backends/aggregate/names.ts'

function names (...lines: string[]): string[] {
  return parseAggregateArgs(lines).lines.map(({ name }) => name)
}

describe('the names of engines', () => {
  it.each([
    [['dockerclient tcp://a', 'dockerclient tcp://b', 'simulator x'], ['dockerclient1', 'dockerclient2', 'simulator1']],
    [['dockerclient @berlin', 'simulator @berlin', 'dockerclient @paris'], ['berlin', 'berlin2', 'paris']],
    [['dockerclient @/ip4/127.0.0.1/tcp/1', 'dockerclient @12D3KooWJvyP3VJYymTqG7eH4PM5rN4T2agk5cdNCfNymAqwqcvZ'], ['dockerclient1', 'dockerclient2']],
    [['a=simulator x', 'simulator1=simulator', 'simulator y', 'b.c-d=exec ls'], ['a', 'simulator1', 'simulator2', 'b.c-d']],
    [['./my-engine.ts --fast', '/opt/x y.js'], ['my-engine1', 'x1']],
    [['exec env A=B'], ['exec1']]
  ])('of %j are %j', (lines, expected) => {
    expect(names(...lines)).toEqual(expected)
  })

  it('leave the line as it was', () => {
    expect(parseAggregateArgs(['--timeout', '2.5', "a=exec grep 'x y' @berlin"])).toEqual({
      lines: [{ name: 'a', line: "exec grep 'x y' @berlin", stageName: "exec grep 'x y' @berlin" }],
      timeoutMs: 2500
    })
  })
})

const ENGINES = new Set(['a', 'b', 'c'])

/** Whose child a name shows, as one who attaches to it would find it. */
function ownerOf (shown: string, listings: readonly Listing[]): string {
  const split = splitName(shown, ENGINES)
  const owner = split?.engine ?? listings.filter(({ names }) => names.includes(shown)).map(({ engine }) => engine).join()

  return `${owner} ${split?.name ?? shown}`
}

function childrenOf ({ engine, names }: Listing): string[] {
  return [...new Set(names)].map((name) => `${engine} ${name}`)
}

describe('the names of children', () => {
  const name = fc.constantFrom<string>('web', 'db', 'a', 'b', 'a/web', 'b/web', 'x/y', 'c/')
  const lists = fc.array(fc.array(name), { minLength: 3, maxLength: 3 })

  it('are unique, one for each child, and lead back to it', () => {
    fc.assert(fc.property(lists, ([a = [], b = [], c = []]) => {
      const listings = [{ engine: 'a', names: a }, { engine: 'b', names: b }, { engine: 'c', names: c }]
      const merged = mergeNames(listings, ENGINES)

      expect(new Set(merged).size).toBe(merged.length)
      expect(merged.map((shown) => ownerOf(shown, listings))).toEqual(listings.flatMap(childrenOf))
    }))
  })
})

it('an engine that is down is tried again after 1 s, then twice as long each time, at most 30 s', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1000].map(retryDelayMs)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
})
