import { followEvents } from './event-log.ts'
import type { CommandContext } from './command.ts'
import type { Tell } from './event-log.ts'
import type { Identity } from '../identity/index.ts'
import type { Swarm } from '../index.ts'

/** What a graceful goodbye may take. */
const CLOSE_TIMEOUT_MS = 3_000

export interface OpenSwarmInit {
  identity: Identity
  /** Who is told what happens in the swarm. @default those who asked for more with `--verbose` */
  tell?: Tell
}

/** A swarm for one command, which closes it by disposing of it. */
export async function openSwarm ({ output, clock }: CommandContext, { identity, tell }: OpenSwarmInit): Promise<Swarm> {
  // loaded late: help and mistakes in the command line are answered without it
  const { createSwarm } = await import('../index.ts')
  const swarm = await createSwarm({ identity, clock, connection: { closeTimeoutMs: CLOSE_TIMEOUT_MS } })

  followEvents(swarm, tell ?? ((event, facts, text) => { void output.detail(event, facts, text) }))

  return swarm
}
