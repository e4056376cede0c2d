import { times } from './figures.ts'
import { failuresOf, rowsOf } from './rows.ts'
import { placeOf, wanted } from './table.ts'
import { verdicts } from './verdicts.ts'
import type { Verdict } from './verdicts.ts'
import type { QuestionResult, Results } from '../harness/results.ts'
import type { Target } from '../targets.ts'

/** RESULTS.md. */
export function markdown (results: Results, targets: readonly Target[], limits: ReadonlyMap<string, string>): string {
  return [
    '# Results',
    conditions(results),
    '![All medians, on logarithmic scales](results.svg)',
    '## Targets',
    targetSection(verdicts(results, targets), limits),
    ...results.questions.map(questionSection),
    '## Systems',
    systemSection(results)
  ].filter((part) => part !== '').join('\n\n') + '\n'
}

function conditions ({ date, commit, machine, rounds, seconds }: Results): string {
  const { cpu, cores, memoryBytes, system, node, openssl } = machine

  return `Made by \`npm run bench:full\` from [results.json](results.json), which has every round. ${date.slice(0, 10)}, commit ${commit}, Node ${node} with OpenSSL ${openssl}, ` +
    `${system}, ${cores} cores of ${cpu}, ${Math.round(memoryBytes / 2 ** 30)} GiB. ` +
    `Medians of ${rounds} rounds of ${seconds} s after one of warm-up; systems take turns within each round; server and client are processes of their own on one machine. ` +
    'A column *X ÷* is what swarmd X reached, divided by the system of the row: the median of the ratios of each round. [README.md](README.md) has what is done, and how.'
}

function targetSection (all: readonly Verdict[], limits: ReadonlyMap<string, string>): string {
  const rows = all.map(({ target, ratio = NaN, outcome }) => [target.title, placeOf(target), wanted(target), times(ratio), outcome === 'met' ? 'met' : `**${outcome}**`])
  const missed = all.filter(({ outcome }) => outcome === 'missed')
  const explanations = missed.map(({ target: { key, title, ...target } }) =>
    `- **${title}, beside ${placeOf({ key, title, ...target })}**: ${limits.get(key) ?? 'not explained yet.'}`)

  return [
    table(['swarmd', 'beside', 'wanted', 'is', ''], rows),
    ...explanations.length > 0 ? ['### What is missed, and why', explanations.join('\n')] : []
  ].join('\n\n')
}

function questionSection (question: QuestionResult): string {
  const tables = question.measures.map(rowsOf).filter(({ rows }) => rows.length > 0)
  const failures = failuresOf(question)

  return [
    `## ${question.title}`,
    question.about,
    ...tables.map(({ header, rows }) => table(header, rows)),
    ...failures.length > 0 ? [failures.map((failure) => `- ${failure}`).join('\n')] : []
  ].join('\n\n')
}

function systemSection ({ systems }: Results): string {
  return table(['system', 'is', 'versions'], systems.map(({ name, about, versions, missing }) => [
    name,
    missing == null ? about : `${about}. Not measured: ${missing}`,
    Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ')
  ]))
}

function table (header: readonly string[], rows: readonly string[][]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`

  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}
