import { CodedError } from '../../src/base/index.ts'
import { createSession, memoryProviders } from '../../src/channel/index.ts'
import type { SessionPair, SessionPairOptions } from '../../src/testing/index.ts'

/** Two sessions in memory. `values` has messages lie as over SPDY. */
export async function memoryPair ({ near, far }: SessionPairOptions = {}, framing: 'records' | 'values' = 'records'): Promise<SessionPair> {
  const maxOpenStreams = near?.limits?.maxOpenStreams
  const [ours, theirs] = memoryProviders({ framing, maxOpenStreams })
  const sessions = { near: createSession(ours, near), far: createSession(theirs, far) }

  return {
    ...sessions,
    cut () { ours.abort(new CodedError('ConnectionLost', 'the test cut the connection')) },
    async [Symbol.asyncDispose] () {
      sessions.near.abort()
      sessions.far.abort()
    }
  }
}
