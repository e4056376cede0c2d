import { after } from '../../../base/index.ts'
import type { Clock, Timer } from '../../../base/index.ts'

/** A graceful close waits no longer for streams of which nothing has left for so long: nobody reads them. */
export const FLUSH_TIMEOUT_MS = 3_000

export interface Flushable {
  readonly pendingBytes: number
  /** Never rejects. */
  flush(): Promise<void>
}

/** Resolves when all that was written has left, or nothing more will; spec-channel 2.6. */
export async function flushAll (streams: readonly Flushable[], clock: Clock): Promise<void> {
  const stalled = Promise.withResolvers<void>()
  let timer: Timer | undefined
  let before = Infinity
  const check = (): void => {
    const pending = streams.reduce((sum, { pendingBytes }) => sum + pendingBytes, 0)

    if (pending >= before) {
      stalled.resolve()
      return
    }

    before = pending
    timer = after(clock, FLUSH_TIMEOUT_MS, check)
  }

  check()

  try {
    await Promise.race([Promise.all(streams.map(async (stream) => stream.flush())), stalled.promise])
  } finally {
    timer?.[Symbol.dispose]()
  }
}
