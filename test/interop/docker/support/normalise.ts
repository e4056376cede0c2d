import type { Outcome } from './cli.ts'

/** An outcome without what differs from one run to the next. */
export interface Normal {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const TIMES = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| ?[+-]\d\d:?\d\d(?: [A-Z]+)?)?/g
const AGO = /(?:Less than a second|About an? \w+|\d+ (?:second|minute|hour|day|week|month)s?)(?: ago)?/g
const IDS = /\b(?:[0-9a-f]{64}|[0-9a-f]{12})\b/g

/** With `#1`, `#2` for identifiers in the order in which they came up, `TIME`, and spaces that do not depend on the length of times. */
export function normalise (outcomes: readonly Outcome[]): Normal[] {
  const known: string[] = []
  const numberOf = (id: string): string => {
    const index = known.findIndex((other) => other.startsWith(id) || id.startsWith(other))

    return `#${index < 0 ? known.push(id) : index + 1}`
  }
  const clean = (text: string): string => text
    .replace(TIMES, 'TIME')
    .replace(AGO, 'TIME')
    .replace(IDS, numberOf)
    .replace(/^time="TIME" level=error msg="Can't .*\n/gm, '') // of the CLI, if the engine refuses while it still sends
    .replace(/^#\d+: Verifying Checksum\n/gm, '') // if it takes long enough
    .replace(/^ Runtimes: .*$/m, sorted) // the CLI has them in any order
    .replace(/ {2,}/g, '  ')

  return outcomes.map(({ code, stdout, stderr }) => ({ code, stdout: clean(stdout.toString()), stderr: clean(stderr) }))
}

function sorted (line: string): string {
  return line.split(' ').sort().join(' ')
}

/**
 * Names of containers in errors, too: an engine repeats what it was asked for, and `dockerclient` asks for the ID, since a
 * container keeps that when it is renamed.
 */
export function withoutNames (outcomes: readonly Normal[]): Normal[] {
  return outcomes.map((outcome) => ({ ...outcome, stderr: outcome.stderr.replace(/\bconforms-\w+|#\d+/g, 'CONTAINER') }))
}

/** Numbers that are measured, too. */
export function withoutNumbers (outcomes: readonly Normal[]): Normal[] {
  return outcomes.map(({ code, stdout, stderr }) => ({ code, stdout: stdout.replace(/\d+(?:\.\d+)?/g, 'N').replace(/ +/g, ' '), stderr }))
}
