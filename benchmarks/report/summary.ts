import { times } from './figures.ts'
import { placeOf } from './table.ts'
import { verdicts } from './verdicts.ts'
import type { Results } from '../harness/results.ts'
import type { Target } from '../targets.ts'

/** The table of the README: a row for each thing that is compared, with all that it is compared with. */
export function summary (results: Results, targets: readonly Target[]): string {
  const beside = Map.groupBy(verdicts(results, targets), ({ target }) => target.title)
  const rows = Array.from(beside, ([title, all]) => `| ${title} | ${all.map(({ target, ratio = NaN }) => `${placeOf(target)} ${times(ratio)}`).join(', ')} |`)

  return ['| | |', '|---|---|', ...rows, ''].join('\n')
}
