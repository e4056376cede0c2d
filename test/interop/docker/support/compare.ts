import { expect } from 'vitest'
import { docker } from './cli.ts'
import { normalise } from './normalise.ts'
import type { Command, Outcome } from './cli.ts'
import type { Normal } from './normalise.ts'

/** The containers of a test all have this in their names. */
export const NAME = 'conforms'

/** What a test runs, one after the other. */
export type Commands = ReadonlyArray<Command | readonly string[]>

export interface Hosts {
  /** The engine itself. */
  readonly direct: string
  /** The engine behind our stages. */
  readonly piped: string
}

/** The outcomes at the one and at the other, each with an engine to itself. */
export async function runAtBoth ({ direct, piped }: Hosts, commands: Commands): Promise<[direct: Outcome[], piped: Outcome[]]> {
  return [await runAll(direct, direct, commands), await runAll(piped, direct, commands)]
}

/**
 * Runs commands at both, and expects the same text on both streams and the same exit codes. Gives the outcomes, so that a test can
 * say what they are.
 */
export async function expectSame (hosts: Hosts, commands: Commands, clean: (outcomes: Normal[]) => Normal[] = (outcomes) => outcomes): Promise<Normal[]> {
  const [direct, piped] = await runAtBoth(hosts, commands)
  const wanted = clean(normalise(direct))

  expect(clean(normalise(piped))).toEqual(wanted)

  return wanted
}

async function runAll (host: string, direct: string, commands: Commands): Promise<Outcome[]> {
  const outcomes: Outcome[] = []

  try {
    for (const command of commands) {
      outcomes.push(await docker(host, command))
    }
  } finally {
    await removeAll(direct)
  }

  return outcomes
}

/** Removes what tests have left. */
export async function removeAll (host: string): Promise<void> {
  const { stdout } = await docker(host, ['ps', '-aq', '--filter', `name=${NAME}`])
  const ids = stdout.toString().split('\n').filter((id) => id !== '')

  if (ids.length > 0) {
    await docker(host, ['rm', '-f', ...ids])
  }
}
