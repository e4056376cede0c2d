import type { Cost, Stage } from '../harness/stage.ts'
import type { Method } from '../harness/wire.ts'
import type { Done } from '../systems/system.ts'

/** What was seen once. */
export interface Reading {
  value: number
  /** What else was seen, in the unit of the value unless its name says otherwise. */
  also?: Record<string, number>
  units?: number
  seconds?: number
  cost?: Cost
}

/** One row of the tables. */
export interface Measure {
  /** Of this row alone: 'bulk-1'. */
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly better: 'more' | 'less'
  /** Of units of work: 'MiB', for what the CPU spends on each. */
  readonly per?: string
  /** Has processes of its own for each reading, and so no warm-up. */
  readonly isCold?: boolean
  /** Of the round that warms up, at least. */
  readonly warmUpSeconds?: number
  /** Of the same before each reading, which do not count: for what is slow in a process that has just waited for its turn. */
  readonly leadInSeconds?: number
  /** However many are asked for. */
  readonly maxRounds?: number
  take(stage: Stage, seconds: number): Promise<Reading>
}

export interface Question {
  readonly name: string
  readonly title: string
  /** What is done, for who reads the tables. */
  readonly about: string
  readonly measures: readonly Measure[]
}

/** Units a second of what a client does for some seconds, divided by `scale`. */
export function rate (method: Method, ...args: unknown[]): Measure['take'] {
  return scaledRate(1, method, ...args)
}

export function scaledRate (scale: number, method: Method, ...args: unknown[]): Measure['take'] {
  return async (stage, seconds) => {
    const done = await stage.ask(method, { seconds }, ...args)
    const units = done.units / scale

    return { value: units / done.seconds, units, seconds: done.seconds, cost: done.cost, ...alsoOf(done) }
  }
}

function alsoOf ({ latenciesMs }: Done): Pick<Reading, 'also'> {
  return latenciesMs == null || latenciesMs.length === 0 ? {} : { also: { 'p50 ms': quantile(latenciesMs, 0.5), 'p99 ms': quantile(latenciesMs, 0.99) } }
}

/** The smallest value that so much of all is not above. */
export function quantile (values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)

  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN
}
