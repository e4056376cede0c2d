import type { PlannedQuestion } from './runner.ts'
import type { Question } from '../questions/question.ts'
import type { Target } from '../targets.ts'

/** Everything, or what is named, of these systems. */
export function planAll (questions: readonly Question[], systems: readonly string[]): PlannedQuestion[] {
  return questions.map((question) => ({ question, measures: question.measures.map((measure) => ({ measure, systems })) }))
}

/** What the targets compare, and no more. */
export function planTargets (questions: readonly Question[], targets: readonly Target[]): PlannedQuestion[] {
  const places = targets.flatMap(({ ours, theirs }) => [ours, theirs])
  const systemsOf = (measure: string): string[] => Array.from(new Set(places.filter((place) => place.measure === measure).map(({ system }) => system)))

  return questions
    .map((question) => ({
      question,
      measures: question.measures.map((measure) => ({ measure, systems: systemsOf(measure.name) })).filter(({ systems }) => systems.length > 0)
    }))
    .filter(({ measures }) => measures.length > 0)
}

/** How many readings that is, warm-up not counted. */
export function countReadings (plan: readonly PlannedQuestion[], rounds: number): number {
  return plan.flatMap(({ measures }) => measures).reduce((sum, { measure, systems }) => sum + systems.length * Math.min(rounds, measure.maxRounds ?? Infinity), 0)
}
