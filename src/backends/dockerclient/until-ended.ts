import { isCoded, pause } from '../../base/index.ts'
import type { Engine } from './engine.ts'

/** How many times an engine is asked whether something has ended, as it closes consoles a little before. */
export const MAX_ENDED_CHECKS = 40
/** And how often. */
const CHECK_EVERY_MS = 50

interface Inspected {
  /** Of an exec. */
  readonly Running?: boolean
  /** Of a container. */
  readonly State?: { readonly Running?: boolean }
}

/** Whether what `path` tells of has ended, asked so many times. @throws ServiceError Unavailable when nobody knows */
export async function untilEnded (engine: Engine, path: string, times: number): Promise<boolean> {
  const { signal } = new AbortController()

  for (let time = 0; time < times; time++) {
    if (time > 0) {
      await pause(engine.clock, CHECK_EVERY_MS)
    }

    try {
      const { Running, State } = JSON.parse(await engine.json({ method: 'GET', path, signal })) as Inspected

      if (!(State?.Running ?? Running ?? false)) {
        return true
      }
    } catch (thrown) {
      if (isCoded(thrown, 'NotFound')) {
        return true // removed, as it had ended
      }

      throw thrown
    }
  }

  return false
}
