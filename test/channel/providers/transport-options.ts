import { systemClock } from '../../../src/base/index.ts'
import { CONNECTION_DEFAULTS, SESSION_DEFAULTS } from '../../../src/channel/contract/index.ts'
import type { TransportOptions } from '../../../src/channel/contract/index.ts'

/** The options of a transport, complete, with a signal that never aborts. */
export function transportOptions (options: Partial<TransportOptions & { signal: AbortSignal }> = {}): TransportOptions & { signal: AbortSignal } {
  return {
    ...CONNECTION_DEFAULTS,
    limits: SESSION_DEFAULTS,
    clock: systemClock,
    tls: {},
    headers: {},
    server: undefined,
    signal: new AbortController().signal,
    ...options
  }
}
