import { setTimeout } from 'node:timers/promises'

const POLL_MS = 2
const PATIENCE_MS = 15_000

/**
 * Resolves as soon as `condition` holds, which may take I/O or short timers; fails when it never does.
 * Where neither is involved, `eventually` of settle.ts finds out sooner.
 */
export async function until (condition: () => boolean, what = 'the condition to hold'): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS

  while (!condition()) {
    if (performance.now() > deadline) {
      throw new Error(`waited ${PATIENCE_MS} ms for ${what}`)
    }

    await setTimeout(POLL_MS)
  }
}
