import { onTestFinished } from 'vitest'
import { memoryProviders } from '../../../src/channel/providers/index.ts'
import { createSession } from '../../../src/channel/session/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import type { Session, SessionInit, SessionLimits } from '../../../src/channel/contract/index.ts'
import type { MemoryInit } from '../../../src/channel/providers/index.ts'

export interface SessionPair {
  a: Session
  b: Session
  clock: FakeClock
}

export interface PairInit extends MemoryInit {
  limits?: Partial<SessionLimits>
  a?: SessionInit
  b?: SessionInit
}

/** Two sessions in memory, of which the first began, and which end with the test. */
export function sessionPair ({ limits, a: initA, b: initB, ...memory }: PairInit = {}): SessionPair {
  const clock = new FakeClock()
  const [first, second] = memoryProviders(memory)
  const a = createSession(first, { clock, ...initA, limits: { ...limits, ...initA?.limits } })
  const b = createSession(second, { clock, ...initB, limits: { ...limits, ...initB?.limits } })

  onTestFinished(() => {
    a.abort()
    b.abort()
  })

  return { a, b, clock }
}
