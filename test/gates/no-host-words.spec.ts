import { describe, expect, it } from 'vitest'
import { readTopFile, readTree } from '../support/source-tree.ts'
import type { SourceTree } from '../support/source-tree.ts'

/** Put together here, so that this file does not hold what it looks for. */
function word (...parts: string[]): string {
  return parts.join('')
}

const FOLDERS = [word('wo', 'rk'), word('fa', 'rm'), word('ro', 'ot')]
const NAMES = [word('cla', 'ude'), word('anthro', 'pic'), word('open', 'ai'), word('chat', 'gpt'), word('co', 'pilot')]

/** A path of somebody's machine: it stands alone, and is no part of a longer path or address. */
const FOREIGN_PATH = new RegExp(`(?<![\\w.:/@-])/(?:${FOLDERS.join('|')})/`)
const FOREIGN_NAME = new RegExp(`\\b(?:${NAMES.join('|')})\\b`, 'i')
const TEXT = /(?:^|\/)(?:[^./]+|\.[a-z]+|[^/]+\.(?:ts|js|mjs|json|md|sh|go|rs|toml|mod|sum|txt|yml|html))$/

function findWords (tree: SourceTree, pattern: RegExp): string[] {
  return [...tree].flatMap(([path, text]) => text.split('\n').flatMap((line, index) => {
    const [found] = pattern.exec(line) ?? []

    return found == null ? [] : [`${path}:${index + 1} has ${found}`]
  }))
}

describe('the repository', () => {
  const tree = readTree('', (path) => TEXT.test(path))

  it('names no folder of the machines that it was made on', () => {
    expect(findWords(tree, FOREIGN_PATH)).toEqual([])
  })

  it('names no tool of its makers', () => {
    expect(findWords(tree, FOREIGN_NAME)).toEqual([])
  })

  it('pins packages without saying where they are downloaded', () => {
    const lock = JSON.parse(readTopFile('package-lock.json')) as { packages: Record<string, { resolved?: string }> }
    const resolved = Object.entries(lock.packages).flatMap(([path, { resolved }]) => resolved == null ? [] : [path])

    expect(resolved).toEqual([])
    expect(readTopFile('.npmrc')).toContain('omit-lockfile-registry-resolved=true')
    expect(readTopFile('.npmrc')).not.toMatch(/^(?:@\w+:)?registry/m)
  })
})

describe('the check of words', () => {
  it('finds a folder of a machine, and no part of a longer path', () => {
    const path = `/${FOLDERS[0]}/a`
    const tree = new Map([['a.md', `x\nsee ${path}\nat ./net${path} and https://a.example${path}`]])

    expect(findWords(tree, FOREIGN_PATH)).toEqual([`a.md:2 has /${FOLDERS[0]}/`])
  })

  it('finds a name whatever its case', () => {
    expect(findWords(new Map([['a.md', `By ${String(NAMES[0]).toUpperCase()}.`]]), FOREIGN_NAME)).toHaveLength(1)
  })

  it.each(['LICENSE', '.npmrc', '.ci/run', 'src/a.ts', 'docs/a.md'])('reads %s', (path) => {
    expect(TEXT.test(path)).toBe(true)
  })
})
