/* The cells of the tables, as texts: the same on the terminal and in RESULTS.md. */
import { figure, times } from './figures.ts'
import { median, ratio, spread } from './statistics.ts'
import type { Cell, MeasureResult, QuestionResult, Round } from '../harness/results.ts'
import type { Cost } from '../harness/stage.ts'

const MIB = 2 ** 20
const OURS = 'swarmd '

export function isOurs (system: string): boolean {
  return system.startsWith(OURS)
}

/** A header, and a row for each system that has figures. */
export function rowsOf (measure: MeasureResult): { header: string[], rows: string[][] } {
  const seen = measure.cells.filter(({ rounds }) => rounds.length > 0)
  const ours = seen.filter(({ system }) => isOurs(system))
  const hasCost = seen.some(({ rounds }) => rounds.some(({ cost }) => cost != null))

  return {
    header: [
      `${measure.title}, ${measure.unit}${measure.better === 'less' ? ' (less is better)' : ''}`, 'median', 'min', 'max',
      ...hasCost ? [`CPU µs/${measure.per ?? 'unit'}: server`, 'client', 'peak MiB: server', 'client'] : [],
      ...ours.map(({ system }) => `${system.slice(OURS.length)} ÷`),
      'also'
    ],
    rows: seen.map((cell) => [
      cell.system,
      ...Object.values(spread(valuesOf(cell))).map(figure),
      ...hasCost ? costs(cell.rounds) : [],
      ...ours.map((one) => one === cell ? '' : times(ratio(valuesOf(one), valuesOf(cell)))),
      notes(cell)
    ])
  }
}

/** Systems that failed, and why, each once; those that have no counterpart are no news. */
export function failuresOf ({ measures }: QuestionResult): string[] {
  const failed = measures.flatMap(({ cells }) => cells).filter(({ error }) => error?.startsWith('failed') === true)

  return Array.from(new Set(failed.map(({ system, error }) => `${system} ${firstLine(error ?? '')}`)))
}

function valuesOf ({ rounds }: Cell): number[] {
  return rounds.map(({ value }) => value)
}

function costs (rounds: readonly Round[]): string[] {
  const cpu = (which: keyof Cost): string => figure(median(rounds.map(({ cost, units = NaN }) => (cost?.[which] ?? NaN) / units * 1e6)))
  const peak = (which: keyof Cost): string => figure(Math.max(...rounds.map(({ cost }) => cost?.[which] ?? NaN)) / MIB)

  return [cpu('serverCpuSeconds'), cpu('clientCpuSeconds'), peak('serverPeakBytes'), peak('clientPeakBytes')]
}

function notes ({ rounds, error }: Cell): string {
  const disturbed = rounds.filter(({ isDisturbed }) => isDisturbed).length
  const also = Object.keys(rounds[0]?.also ?? {}).map((name) => `${name} ${figure(median(rounds.map((round) => round.also?.[name] ?? NaN)))}`)

  return [...also, ...disturbed > 0 ? [`${disturbed} of ${rounds.length} disturbed`] : [], ...error == null ? [] : [firstLine(error)]].join('; ')
}

function firstLine (text: string): string {
  return text.split('\n')[0] ?? ''
}
