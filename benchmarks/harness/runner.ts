import { NotOffered } from '../systems/system.ts'
import { MachineWatch } from './proc.ts'
import { Stage } from './stage.ts'
import type { EndInit } from './end-process.ts'
import type { Cell, MeasureResult, QuestionResult, Round, SystemResult } from './results.ts'
import type { Measure, Question, Reading } from '../questions/question.ts'

/** The share of the machine that others may have before a round counts as disturbed. */
const MAX_FOREIGN_SHARE = 0.1

/** Of the round that warms up, at least, unless the measure says more: compilers want to have seen a lot of what they are to make fast. */
const WARM_UP_SECONDS = 2

export interface RunInit {
  /** That count; one more warms up. */
  rounds: number
  /** Of each reading. */
  seconds: number
  /** False spares what goes before readings that count: the round that warms up takes no longer than others. @default true */
  isWarmed?: boolean
  /** How often a disturbed reading is repeated. */
  maxRepeats: number
  /** Readings that may be repeated in all, so that a busy machine does not hold us up for ever. */
  repeatBudget: number
  /** Flags of node for an end. */
  flagsOf?(question: string, system: string, role: EndInit['role']): readonly string[]
  onProgress?(text: string): void
}

/** What one question measures, and of which systems. */
export interface PlannedQuestion {
  question: Question
  measures: ReadonlyArray<{ measure: Measure, systems: readonly string[] }>
}

/** Asks questions of systems, which take turns within every round. */
export class Runner {
  readonly systems = new Map<string, SystemResult>()

  readonly #init: RunInit
  #repeatsLeft: number

  constructor (init: RunInit) {
    this.#init = init
    this.#repeatsLeft = init.repeatBudget
  }

  async run ({ question, measures }: PlannedQuestion): Promise<QuestionResult> {
    const { name, title, about } = question
    const stages = new Map(measures.flatMap(({ systems }) => systems).map((system) => [system, this.#stage(name, system)]))
    const results = measures.map(({ measure, systems }) => ({ measure, result: emptyResult(measure, systems) }))

    try {
      // round 0 warms up
      for (let round = 0; round <= this.#init.rounds; round++) {
        for (const { measure, result } of results) {
          await this.#round(round, measure, result, stages)
        }
      }
    } finally {
      await closeAll(stages)
    }

    return { name, title, about, measures: results.map(({ result }) => result) }
  }

  get #isWarmed (): boolean {
    return this.#init.isWarmed ?? true
  }

  #stage (question: string, system: string): Stage {
    return new Stage(system, (role) => this.#init.flagsOf?.(question, system, role) ?? [])
  }

  async #round (round: number, measure: Measure, { cells }: MeasureResult, stages: ReadonlyMap<string, Stage>): Promise<void> {
    const { isCold = false, maxRounds = Infinity, warmUpSeconds = WARM_UP_SECONDS } = measure

    if (round > maxRounds || (round === 0 && isCold)) {
      return
    }

    for (const cell of rotated(cells, round)) {
      const stage = stages.get(cell.system)

      if (stage == null || cell.error != null) {
        continue
      }

      this.#init.onProgress?.(`${measure.title}: ${cell.system}, ${round === 0 ? 'warming up' : `round ${round}`}`)

      try {
        if (round === 0) {
          await this.#takeOnce(measure, stage, Math.max(this.#isWarmed ? warmUpSeconds : 0, this.#init.seconds))
        } else {
          cell.rounds.push(await this.#take(measure, stage))
        }
      } catch (error) {
        cell.error = describe(error)

        if (!(error instanceof NotOffered)) {
          await stage[Symbol.asyncDispose]() // it may hang, or be half done
        }
      }
    }
  }

  /** Again, when somebody else had the machine. */
  async #take (measure: Measure, stage: Stage): Promise<Round> {
    if (measure.leadInSeconds != null && this.#isWarmed) {
      await measure.take(stage, measure.leadInSeconds)
    }

    for (let repeats = 0; ; repeats++) {
      const { reading, foreignShare } = await this.#takeOnce(measure, stage, this.#init.seconds)
      // who else runs makes no difference to memory
      const isDisturbed = foreignShare > MAX_FOREIGN_SHARE && measure.isCold !== true

      if (!isDisturbed || repeats >= this.#init.maxRepeats || this.#repeatsLeft-- <= 0) {
        return { ...reading, foreignShare, isDisturbed }
      }
    }
  }

  async #takeOnce (measure: Measure, stage: Stage, seconds: number): Promise<{ reading: Reading, foreignShare: number }> {
    await this.#introduce(stage)

    const watch = new MachineWatch()
    const reading = await measure.take(stage, seconds)
    const foreignShare = watch.foreignShare()

    if (measure.isCold === true) {
      await stage[Symbol.asyncDispose]()
    }

    return { reading, foreignShare }
  }

  /** Starts what is needed anyway, before anything counts. */
  async #introduce (stage: Stage): Promise<void> {
    if (this.systems.has(stage.system)) {
      return
    }

    const { about, versions, missing } = await stage.describe()

    this.systems.set(stage.system, { name: stage.system, about, versions, ...missing == null ? {} : { missing } })
  }
}

function emptyResult ({ name, title, unit, better, per }: Measure, systems: readonly string[]): MeasureResult {
  return { name, title, unit, better, ...per == null ? {} : { per }, cells: systems.map((system) => ({ system, rounds: [] })) }
}

/** So that nobody is always the first, or always behind the same other. */
function rotated (cells: readonly Cell[], round: number): Cell[] {
  return cells.map((_, index) => cells[(index + round) % cells.length]).filter((cell) => cell != null)
}

/** The first line of a failure; what is not offered is none. */
function describe (error: unknown): string {
  const { message } = error instanceof Error ? error : new Error(String(error))

  return error instanceof NotOffered ? message : `failed: ${message}`
}

async function closeAll (stages: ReadonlyMap<string, Stage>): Promise<void> {
  for (const stage of stages.values()) {
    await stage[Symbol.asyncDispose]()
  }
}
