import type { Stage } from './stage.ts'

/** One behaviour each: a sentence, and its proof. */
export type Cases = Readonly<Record<string, (stage: Stage) => Promise<void>>>
