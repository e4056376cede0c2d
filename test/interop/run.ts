/*
 * Runs the tests against programs that npm does not bring, each group where its program is there:
 *
 *     npm run test:interop              all groups; one line for each that cannot run
 *     npm run test:interop -- go proxy  these
 *     npm run test:interop -- --write   all, and writes docs/interop.md
 *
 * Fails if a test fails, or was skipped. If no group could run, exits with 77 and the reason in its last line.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { GROUPS } from './groups.ts'
import { PROGRAMS } from './libp2p/programs.ts'
import { countsTable, matrix, toPage } from './report.ts'
import { readResults } from './results.ts'
import type { Group } from './groups.ts'
import type { GroupResult } from './report.ts'
import type { Result } from './results.ts'

const NOT_RUN = 77
const REPORT = '.tmp/interop/report.json'
const PAGE = 'docs/interop.md'

function say (line: string): void {
  process.stdout.write(`${line}\n`)
}

/** @throws TypeError for one that there is not */
function chosen (names: readonly string[]): readonly Group[] {
  for (const name of names) {
    if (GROUPS.every((group) => group.name !== name)) {
      throw new TypeError(`there is no group ${name}; there are ${GROUPS.map((group) => group.name).join(', ')}`)
    }
  }

  return names.length === 0 ? GROUPS : GROUPS.filter(({ name }) => names.includes(name))
}

/** How many tests there would be. */
function count ({ paths }: Group): number {
  const { stdout } = spawnSync('vitest', ['list', '--project', 'interop', ...paths], { encoding: 'utf8' })

  return stdout.trim().split('\n').length
}

function canRun (group: Group): boolean {
  const why = group.missing()

  if (why != null) {
    say(`not run: ${group.name}, ${count(group)} tests: ${why}`)
  }

  return why == null
}

/** The exit code. */
function runTests (groups: readonly Group[]): number {
  mkdirSync('.tmp/interop', { recursive: true })

  const { status } = spawnSync('vitest', ['run', '--project', 'interop', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`, ...groups.flatMap(({ paths }) => paths)], { stdio: 'inherit' })

  return status ?? 1
}

function isIn ({ path }: Result, { paths }: Group): boolean {
  return paths.some((start) => path === start || path.startsWith(`${start}/`))
}

/** Prints what was proven; whether all of it ran. */
function sumUp (all: readonly GroupResult[]): boolean {
  for (const program of Object.values(PROGRAMS)) {
    const own = all.filter(({ group }) => group.title === program.name)

    if (own.length > 0) {
      say(`\n${program.name}: → we dial, ← they dial\n${matrix(program, own)}`)
    }
  }

  const skipped = all.flatMap(({ results }) => results).filter(({ hasRun }) => !hasRun)

  say(`\n${countsTable(all)}\n`)
  skipped.forEach(({ titles }) => { say(`skipped: ${titles.join(' › ')}`) })

  return skipped.length === 0
}

const args = process.argv.slice(2)
const groups = chosen(args.filter((arg) => !arg.startsWith('-')))
const running = groups.filter(canRun)

if (running.length === 0) {
  process.exitCode = NOT_RUN
} else {
  const status = runTests(running)
  const results = readResults(REPORT)
  const all = running.map((group) => ({ group, results: results.filter((result) => isIn(result, group)) }))
  const isWhole = sumUp(all)

  process.exitCode = status === 0 && isWhole ? 0 : 1

  if (args.includes('--write') && running.length === GROUPS.length && process.exitCode === 0) {
    writeFileSync(PAGE, await toPage(all, new Date()))
    say(`wrote ${PAGE}`)
  }
}
