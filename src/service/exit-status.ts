import { VERBS } from './verb.ts'
import type { Message } from './message.ts'

/** How something ended: as processes do. */
export interface ExitStatus {
  /** 0 is well; what was ended by a signal has 128 and its number, as in shells. */
  readonly code: number
  /** The signal that ended it: `SIGKILL`. */
  readonly signal?: string | undefined
}

export const EXIT_OK: ExitStatus = Object.freeze({ code: 0 })

/** Of what was stopped before its end, as a process by SIGTERM. */
export const EXIT_STOPPED: ExitStatus = Object.freeze({ code: 143, signal: 'SIGTERM' })

/** Of what had something to say when nobody wanted to hear any more, as a process by SIGPIPE. */
export const EXIT_UNHEARD: ExitStatus = Object.freeze({ code: 141, signal: 'SIGPIPE' })

/** Of what failed without a status of its own. */
export const EXIT_FAILURE = 1

const KEY = 'exit'

/** What processes can exit with; of anything else nobody knows more than that it is not well. */
export function toExitCode (code: unknown): number {
  return typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= 255 ? code : EXIT_FAILURE
}

/** The last thing that a task says: `set exit <code> <signal>`. */
export function exitMessage ({ code, signal = '' }: ExitStatus): Message {
  return { verb: VERBS.set, args: [KEY, String(toExitCode(code)), signal] }
}

/** The status in such a message; undefined if it is another. */
export function exitStatusOf ({ verb, args: [key, code, signal], ret }: Message): ExitStatus | undefined {
  if (verb !== VERBS.set || key !== KEY || ret != null) {
    return undefined
  }

  const exit = { code: toExitCode(/^\d+$/.test(code ?? '') ? Number(code) : undefined) }

  return signal == null || signal === '' ? exit : { ...exit, signal }
}
