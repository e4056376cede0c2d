import { followEvents } from './event-log.ts'
import type { CommandContext } from './command.ts'
import type { Identity } from '../identity/index.ts'
import type { Swarm } from '../index.ts'

/** What a graceful goodbye may take. */
const CLOSE_TIMEOUT_MS = 3_000

/** A swarm for one command, which closes it by disposing of it. `--verbose` shows what happens in it. */
export async function openSwarm ({ output, clock }: CommandContext, identity: Identity): Promise<Swarm> {
  // loaded late: help and mistakes in the command line are answered without it
  const { createSwarm } = await import('../index.ts')
  const swarm = await createSwarm({ identity, clock, connection: { closeTimeoutMs: CLOSE_TIMEOUT_MS } })

  if (output.verbose) {
    followEvents(swarm, (event, facts, text) => { void output.detail(event, facts, text) })
  }

  return swarm
}
