import { isDeepStrictEqual } from 'node:util'
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

/** An engine under load does not always say the same: of a container that ends at once, what it has said last may be missing. */
const MAX_ROUNDS = 3

/**
 * Runs commands at both, and expects the same text on both streams and the same exit codes: in one of some rounds what was piped is
 * what the engine has said itself, then or before. Gives these outcomes, so that a test can say what they are.
 */
export async function expectSame (hosts: Hosts, commands: Commands, clean: (outcomes: Normal[]) => Normal[] = (outcomes) => outcomes): Promise<Normal[]> {
  return inRounds(async () => {
    const [direct, piped] = await runAtBoth(hosts, commands)

    return [clean(normalise(direct)), clean(normalise(piped))]
  })
}

/** Runs both until the second is what the first has been. */
export async function inRounds (run: () => Promise<[direct: Normal[], piped: Normal[]]>): Promise<Normal[]> {
  const said: Normal[][] = []

  for (let round = 1; ; round++) {
    const [wanted, got] = await run()

    said.push(wanted)

    if (said.some((outcomes) => isDeepStrictEqual(got, outcomes))) {
      return got
    }

    if (round === MAX_ROUNDS) {
      expect(got).toEqual(wanted)
    }
  }
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
