import { on } from 'node:events'
import type { Libp2p, Libp2pEvents } from '@libp2p/interface'

/** What `known` gives, as soon as it gives something: asked at once, and after each event of this type. */
export async function nextEventOf<T> (target: Libp2p, type: keyof Libp2pEvents, known: () => Promise<T | undefined>, limitMs: number): Promise<T> {
  const signal = AbortSignal.timeout(limitMs)
  const events = on(target as unknown as EventTarget, type, { signal })

  try {
    for (;;) {
      const found = await known()

      if (found !== undefined) {
        return found
      }

      await events.next()
    }
  } finally {
    await events.return?.()
  }
}
