import { after, pause, systemClock } from '../../base/index.ts'
import { ComplianceError } from './assert.ts'

/** Longer than anything takes that does not hang. */
const PATIENCE_MS = 15_000
const POLL_MS = 5

/** How many looks in a row must see the same: each lets timers and I/O of the process have their turn. */
const QUIET_LOOKS = 20

/** Waits for what must happen; fails with a word about what did not. */
export async function within<T> (promise: Promise<T>, what: string, patienceMs: number = PATIENCE_MS): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = after(systemClock, patienceMs, () => { reject(new ComplianceError(`waited ${patienceMs} ms for ${what}`)) })

  try {
    return await Promise.race([promise, late])
  } finally {
    timer[Symbol.dispose]()
  }
}

/** Waits until `condition` holds. */
export async function until (condition: () => boolean, what: string | (() => string)): Promise<void> {
  for (const deadline = systemClock.now() + PATIENCE_MS; !condition();) {
    if (systemClock.now() > deadline) {
      throw new ComplianceError(`waited ${PATIENCE_MS} ms for ${typeof what === 'string' ? what : what()}`)
    }

    await pause(systemClock, POLL_MS)
  }
}

/** Waits until `progress` has not moved for a while: nothing is on its way, or somebody is held back. */
export async function quiet (progress: () => number = () => 0): Promise<void> {
  for (let [before, looks] = [progress(), 0]; looks < QUIET_LOOKS; looks++) {
    await pause(systemClock, POLL_MS)

    if (progress() !== before) {
      before = progress()
      looks = -1
    }
  }
}
