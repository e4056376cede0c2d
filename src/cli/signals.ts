import { after } from '../base/index.ts'
import { Stopped } from './command.ts'
import { EXIT } from './exit-codes.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Clock } from '../base/index.ts'

/** After a signal, everything is closed within this time, or dropped. */
export const SHUTDOWN_MS = 8_000

const SIGNALS: ReadonlyArray<readonly [NodeJS.Signals, ExitCode]> = [
  ['SIGINT', EXIT.interrupted],
  ['SIGTERM', EXIT.terminated],
  ['SIGHUP', EXIT.hangup]
]

export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown
  exit(code: number): void
}

/** The first signal asks everything to close; the second, or too long a wait, ends the process at once. */
export function stopOnSignals (source: SignalSource, clock: Clock, controller: AbortController): void {
  for (const [name, exitCode] of SIGNALS) {
    source.on(name, () => {
      if (controller.signal.aborted) {
        source.exit(exitCode)
        return
      }

      after(clock, SHUTDOWN_MS, () => { source.exit(exitCode) }, { background: true })
      controller.abort(new Stopped(name, exitCode))
    })
  }
}
