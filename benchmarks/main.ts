/* `node benchmarks/main.ts --help` tells what there is. */
import { readFileSync, writeFileSync } from 'node:fs'
import { commit, machine } from './harness/machine.ts'
import { HELP, parseOptions } from './harness/options.ts'
import { countReadings, planAll, planTargets } from './harness/plan.ts'
import { emptyProfiles, profileFlags, profileReport } from './harness/profile.ts'
import { Runner } from './harness/runner.ts'
import { QUESTIONS } from './questions/index.ts'
import { parseLimits } from './report/limits.ts'
import { markdown } from './report/markdown.ts'
import { svg } from './report/svg.ts'
import { questionTable, verdictTable } from './report/table.ts'
import { verdicts } from './report/verdicts.ts'
import { findSystems, SYSTEMS } from './systems/index.ts'
import { TARGETS } from './targets.ts'
import type { Options } from './harness/options.ts'
import type { Results } from './harness/results.ts'
import type { PlannedQuestion } from './harness/runner.ts'

/** How often a disturbed reading is repeated, and how many of all readings may be. */
const MAX_REPEATS = 2
const MAX_REPEATED_SHARE = 0.25

function plan ({ isFull, questions, systems }: Options): PlannedQuestion[] {
  if (!isFull && questions == null && systems == null) {
    return planTargets(QUESTIONS, TARGETS)
  }

  const unknown = questions?.find((name) => !QUESTIONS.some((question) => question.name === name))

  if (unknown != null) {
    throw new RangeError(`there is no question ${unknown}; there are ${QUESTIONS.map(({ name }) => name).join(', ')}`)
  }

  return planAll(
    QUESTIONS.filter(({ name }) => questions?.includes(name) ?? true),
    systems == null ? SYSTEMS : Array.from(new Set(systems.flatMap(findSystems)))
  )
}

async function measure (options: Options): Promise<Results> {
  const { rounds, seconds, isWarmed } = options
  const planned = plan(options)
  const runner = new Runner({
    rounds,
    seconds,
    isWarmed,
    maxRepeats: MAX_REPEATS,
    repeatBudget: Math.ceil(countReadings(planned, rounds) * MAX_REPEATED_SHARE),
    ...options.isProfiled ? { flagsOf: profileFlags } : {},
    onProgress: showProgress
  })
  const results: Results = { date: new Date().toISOString(), commit: commit(), machine: machine(), rounds, seconds, systems: [], questions: [] }

  for (const question of planned) {
    const result = await runner.run(question)

    showProgress('')
    process.stdout.write(questionTable(result))
    results.questions.push(result)
  }

  results.systems = Array.from(runner.systems.values())

  return results
}

/** One line that is always the latest, where somebody looks on. */
function showProgress (text: string): void {
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\u001B[K${text}`)
  }
}

function fileOf (name: string): URL {
  return new URL(name, import.meta.url)
}

function write (results: Results): void {
  const limits = parseLimits(readFileSync(fileOf('limits.md'), 'utf8'))

  writeFileSync(fileOf('results.json'), `${JSON.stringify(results)}\n`)
  writeFileSync(fileOf('RESULTS.md'), markdown(results, TARGETS, limits))
  writeFileSync(fileOf('results.svg'), svg(results))
}

async function run (options: Options): Promise<void> {
  if (options.isProfiled) {
    emptyProfiles()
  }

  const results = await measure(options)

  process.stdout.write(verdictTable(verdicts(results, TARGETS)))

  if (options.isWritten) {
    write(results)
  }

  if (options.isProfiled) {
    process.stdout.write(profileReport())
  }
}

const options = parseOptions(process.argv.slice(2))

if (options.isReportOnly) {
  write(JSON.parse(readFileSync(fileOf('results.json'), 'utf8')) as Results)
} else if (options.isHelp) {
  process.stdout.write(HELP)
} else if (options.isListed) {
  process.stdout.write(`questions: ${QUESTIONS.map(({ name }) => name).join(', ')}\nsystems: ${SYSTEMS.join(', ')}\n`)
} else {
  await run(options)
}
