/* The tables on the terminal. */
import { times } from './figures.ts'
import { failuresOf, rowsOf } from './rows.ts'
import type { Verdict } from './verdicts.ts'
import type { QuestionResult } from '../harness/results.ts'

export function questionTable (question: QuestionResult): string {
  const tables = question.measures.map(rowsOf).filter(({ rows }) => rows.length > 0)

  return [
    ...tables.map(({ header, rows }) => `\n${columns([header, ...rows])}`),
    ...failuresOf(question).map((failure) => `${failure}\n`)
  ].join('')
}

/** Those that could be judged. */
export function verdictTable (verdicts: readonly Verdict[]): string {
  const judged = verdicts.filter(({ outcome }) => outcome !== 'not measured')

  return judged.length === 0
    ? ''
    : `\n${columns([
      ['target', 'beside', 'wanted', 'is', ''],
      ...judged.map(({ target, ratio = NaN, outcome }) => [target.title, placeOf(target), wanted(target), times(ratio), outcome])
    ])}`
}

/** What the ratio is to. */
export function placeOf ({ ours, theirs }: Verdict['target']): string {
  return ours.system === theirs.system ? theirs.measure : theirs.system
}

export function wanted ({ atLeast, atMost }: Verdict['target']): string {
  return atLeast == null ? `≤ ${times(atMost ?? NaN)}` : `≥ ${times(atLeast)}`
}

/** Texts to the left and figures to the right. */
function columns (rows: readonly string[][]): string {
  const widths = rows.reduce<number[]>((widest, cells) => cells.map((text, column) => Math.max(text.length, widest[column] ?? 0)), [])
  const isText = widths.map((_, column) => column === 0 || !rows.slice(1).some((cells) => /^[≥≤\d]/.test(cells[column] ?? '')))
  const pad = (text: string, column: number): string => isText[column] === true ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)

  return rows.map((cells) => `${cells.map(pad).join('  ').trimEnd()}\n`).join('')
}
