import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Cell } from './libp2p/cells.ts'

interface Assertion {
  readonly ancestorTitles: readonly string[]
  readonly title: string
  readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo'
}

/** What became of a test. */
export interface Result {
  /** Of the test file, from the folder of the project. */
  readonly path: string
  /** Titles, from the outermost. */
  readonly titles: readonly string[]
  readonly hasRun: boolean
  readonly hasPassed: boolean
}

const SEPARATOR = ' › '

/** Reads the report of the JSON reporter. */
export function readResults (file: string): Result[] {
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as { testResults: ReadonlyArray<{ name: string, assertionResults: readonly Assertion[] }> }

  return testResults.flatMap(({ name, assertionResults }) => assertionResults.map(({ ancestorTitles, title, status }) => ({
    path: relative(process.cwd(), name),
    titles: [...ancestorTitles, title].flatMap((text) => text.split(SEPARATOR)),
    hasRun: status === 'passed' || status === 'failed',
    hasPassed: status === 'passed'
  })))
}

/** Whether a result is that of a cell: the names of tests of the matrix are made of it. */
export function isOf ({ titles }: Result, { program, stack, way, feature }: Cell): boolean {
  return titles.length === 4 && titles[0] === program && titles[1] === stack && titles[2] === way && titles[3] === feature
}
