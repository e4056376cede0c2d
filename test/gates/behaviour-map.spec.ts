import { describe, expect, it } from 'vitest'
import { readSections, readTable } from '../support/markdown.ts'
import { readTopFile } from '../support/source-tree.ts'
import type { Section } from '../support/markdown.ts'

/** What a row says of the test that proves it: `test/a.spec.ts › its name`, or why there is none. */
const PROOF = /^`(test\/[\w/.-]+)` › (.+)$/
const REASON = /^(?:Not ours|Elsewhere): \S/

/** Every test of the go-libp2p swarm, v0.5.0 and today. */
const GO_TESTS = readTopFile('test/gates/go-swarm-tests.txt').trim().split('\n')

const sections = readSections(readTopFile('docs/behaviour.md'))

function rowsOf (heading: string): string[][] {
  const section = sections.find((candidate) => candidate.heading === heading)

  return readTable(section as Section)
}

/** What is wrong with the last cell of a row, if anything is. */
function faultOf (row: string[]): string | undefined {
  const cell = row.at(-1) ?? ''

  if (REASON.test(cell)) {
    return undefined
  }

  const [, file, name] = PROOF.exec(cell) ?? []

  if (file == null || name == null) {
    return `${row[0]}: neither a test nor a reason: ${cell}`
  }

  return names(readTopFile(file)).includes(name.replaceAll('\\|', '|')) ? undefined : `${row[0]}: ${file} has no test "${name}"`
}

/** A text in quotes of any kind. */
const TITLE = /'((?:[^'\\]|\\.)+)'|"([^"]+)"|`([^`]+)`/

/** What comes before it: `it(`, or the end of a table of cases, as in `it.each([...])(`. */
const CALL = /(?:\b(?:it|test)(?:\.\w+)*|\))\(\s*/

const TEST = new RegExp(`${CALL.source}(?:${TITLE.source})`, 'g')

/** The names of the tests in a file, as they stand there. */
function names (source: string): string[] {
  return [...source.matchAll(TEST)]
    .map(([, single, double, template]) => (single ?? double ?? template ?? '').replaceAll("\\'", "'"))
}

describe('docs/behaviour.md', () => {
  it('has a row for every test of the go-libp2p swarm, once', () => {
    expect(rowsOf('The tests of go-libp2p').map(([name]) => name?.replaceAll('`', '')).sort()).toEqual([...GO_TESTS].sort())
  })

  it.each(['The tests of go-libp2p', 'What neither suite tests', 'What users complain of', 'What strangers try', 'What js-libp2p gets wrong'])('names, under "%s", tests that exist', (heading) => {
    const rows = rowsOf(heading)

    expect(rows.length).toBeGreaterThan(0)
    expect(rows.flatMap((row) => faultOf(row) ?? [])).toEqual([])
  })
})

describe('the check of the map', () => {
  it('finds a test that does not exist, and a row without a proof', () => {
    expect(faultOf(['TestA', '`test/gates/behaviour-map.spec.ts` › flies to the moon'])).toContain('has no test')
    expect(faultOf(['TestB', 'somewhere'])).toContain('neither a test nor a reason')
    expect(faultOf(['TestC', 'Not ours: there is no QUIC draft here'])).toBeUndefined()
  })
})
