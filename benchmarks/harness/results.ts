/* What is written down: `results.json`. The report is made from this and from nothing else. */
import type { Reading } from '../questions/question.ts'

export interface Round extends Reading {
  /** Of the machine's CPU time, what went to others, from 0 to 1. */
  foreignShare: number
  /** More of it than is allowed, the last time too. */
  isDisturbed: boolean
}

/** One system in one measure. */
export interface Cell {
  system: string
  rounds: Round[]
  /** Why there are no more rounds. */
  error?: string
}

export interface MeasureResult {
  name: string
  title: string
  unit: string
  better: 'more' | 'less'
  per?: string
  cells: Cell[]
}

export interface QuestionResult {
  name: string
  title: string
  about: string
  measures: MeasureResult[]
}

export interface SystemResult {
  name: string
  about: string
  versions: Record<string, string>
  missing?: string
}

export interface Machine {
  cpu: string
  cores: number
  memoryBytes: number
  system: string
  node: string
  openssl: string
}

export interface Results {
  date: string
  commit: string
  machine: Machine
  rounds: number
  seconds: number
  systems: SystemResult[]
  questions: QuestionResult[]
}
