import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../src/base/index.ts'
import { readSections } from '../support/markdown.ts'
import { readTopFile } from '../support/source-tree.ts'
import type { Section } from '../support/markdown.ts'

const PARTS = ['What', 'Why', 'What to do']

const sections = readSections(readTopFile('docs/errors.md'))

function partsOf ({ body }: Section): string[] {
  return [...body.matchAll(/^\*\*(.+):\*\* \S/gm)].map(([, part = '']) => part)
}

describe('docs/errors.md', () => {
  it('has one heading for each code, in their order', () => {
    expect(sections.map(({ heading }) => heading)).toEqual([...ERROR_CODES])
  })

  it.each(sections)('says of $heading what it is, why it happens and what to do', (section) => {
    expect(partsOf(section)).toEqual(PARTS)
  })

  it('names no code but those that there are', () => {
    const named = sections.flatMap(({ body }) => [...body.matchAll(/see ([A-Z]\w+)/g)].map(([, code]) => code))

    expect(named.filter((code) => !sections.some(({ heading }) => heading === code))).toEqual([])
  })
})

describe('the check of sections', () => {
  it('finds a part that is missing or empty', () => {
    expect(partsOf({ heading: 'A', body: '**What:** a\n\n**Why:** \n\n**What to do:** c' })).toEqual(['What', 'What to do'])
  })

  it('takes no heading from an example', () => {
    expect(readSections('# A\n\n## B\n\n```\n## C\n```\n\nd').map(({ heading }) => heading)).toEqual(['B'])
  })
})
