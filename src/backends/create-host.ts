import { systemClock } from '../base/index.ts'
import { ServiceError } from '../service/index.ts'
import { BACKENDS } from './all-backends.ts'
import { launch } from './launch.ts'
import type { Allows } from './backend-service.ts'
import type { Clock } from '../base/index.ts'
import type { Backend, BackendHost } from '../service/index.ts'

export interface HostInit extends Allows {
  /** What lines may name. All that there are unless given. */
  backends?: readonly Backend[] | undefined
  clock?: Clock | undefined
  /** Environment variables. None unless given: only the command line knows those of this process. */
  env?: BackendHost['env'] | undefined
  stdio?: BackendHost['stdio']
  /** How to reach peers. Without it, this process is on its own. */
  peer?: BackendHost['peer'] | undefined
}

/** What backends are spawned in. */
export interface Host extends BackendHost, Allows {
  readonly backends: readonly Backend[]
}

/** A host for the backends of this process. */
export function createHost ({ backends = BACKENDS, clock = systemClock, env = {}, stdio, peer = noPeers, allows = allowsNobody }: HostInit = {}): Host {
  const host: Host = {
    backends,
    clock,
    env,
    stdio,
    peer,
    allows,
    launch: async (line, options) => launch(line, backends, host, options)
  }

  return host
}

async function noPeers (peer: string): Promise<never> {
  throw new ServiceError('NotImplemented', `cannot reach ${peer}: there is no swarm here`)
}

function allowsNobody (): boolean {
  return false
}
