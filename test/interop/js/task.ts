import type { Node } from './node.ts'

export interface Args {
  readonly addr: string
  readonly peer: string
  readonly protocol: string
  readonly bytes: number
  readonly upload: number
  readonly download: number
  readonly topic: string
  readonly text: string
}

export interface Task {
  readonly node: Node
  readonly args: Args
  /** Aborts when it has taken too long. */
  readonly signal: AbortSignal
}

export type Verb = (task: Task) => Promise<unknown> | unknown
