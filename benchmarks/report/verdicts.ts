import { ratio } from './statistics.ts'
import type { Results } from '../harness/results.ts'
import type { Place, Target } from '../targets.ts'

export interface Verdict {
  target: Target
  /** Median over the rounds of ours divided by theirs; undefined when one of the two was not measured. */
  ratio: number | undefined
  outcome: 'met' | 'missed' | 'not measured'
}

export function verdicts (results: Results, targets: readonly Target[]): Verdict[] {
  return targets.map((target) => {
    const [ours, theirs] = [valuesOf(results, target.ours), valuesOf(results, target.theirs)]

    if (ours.length === 0 || theirs.length === 0) {
      return { target, ratio: undefined, outcome: 'not measured' }
    }

    const seen = ratio(ours, theirs)

    return { target, ratio: seen, outcome: isMet(seen, target) ? 'met' : 'missed' }
  })
}

function isMet (seen: number, { atLeast = -Infinity, atMost = Infinity }: Target): boolean {
  return seen >= atLeast && seen <= atMost
}

/** One a round. */
function valuesOf ({ questions }: Results, { measure, system }: Place): number[] {
  const cell = questions.flatMap(({ measures }) => measures).find(({ name }) => name === measure)?.cells.find((one) => one.system === system)

  return cell?.rounds.map(({ value }) => value) ?? []
}
