import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { GROUPS } from '../interop/groups.ts'
import { PROGRAMS } from '../interop/libp2p/programs.ts'
import { FINDINGS } from '../interop/report.ts'
import { tableOf, toMarkdown } from '../interop/table.ts'

const PAGE = readFileSync('docs/interop.md', 'utf8')

describe('docs/interop.md', () => {
  it.each(Object.values(PROGRAMS))('has every cell of the matrix with $name, and no other', (program) => {
    expect(PAGE).toContain(`## ${program.name}\n\n${toMarkdown(tableOf(program.name, () => true))}\n`)
  })

  it('has every suite, with tests that ran', () => {
    for (const { name, title } of GROUPS) {
      expect(PAGE).toMatch(new RegExp(`^\\| \`${name}\` \\| ${title} \\| [1-9]\\d* \\|$`, 'm'))
    }
  })

  it('has the findings', () => {
    expect(PAGE).toContain(FINDINGS)
  })

  it('says when, and with which versions', () => {
    expect(PAGE).toMatch(/^Last run on \d{4}-\d\d-\d\d\.$/m)

    for (const name of ['go-libp2p', 'js-libp2p', 'py-libp2p']) {
      expect(PAGE).toMatch(new RegExp(`^\\| ${name} \\| .*\\d+\\.\\d+.*\\|$`, 'm'))
    }
  })
})
