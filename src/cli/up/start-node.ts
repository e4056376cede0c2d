import { backendService, BACKENDS, createHost } from '../../backends/index.ts'
import { pause, raceSignal } from '../../base/index.ts'
import { createMesh } from '../../mesh/index.ts'
import { ServiceError } from '../../service/index.ts'
import { lastingIdentity } from '../key-file.ts'
import { closeMesh } from '../lazy-mesh.ts'
import { openSwarm } from '../open-swarm.ts'
import { printable } from '../style.ts'
import { allowedBackends } from './allowed-peers.ts'
import { ServiceKeeper } from './service-keeper.ts'
import type { Swarm } from '../../index.ts'
import type { Mesh } from '../../mesh/index.ts'
import type { Flag } from '../arguments.ts'
import type { CommandContext } from '../command.ts'
import type { NodeConfig } from '../config/node-config.ts'
import type { Tell } from '../event-log.ts'

/** As `listen` does. */
const DEFAULT_LISTEN = ['/ip4/0.0.0.0/tcp/0']

/** For services to start before the node says that it is ready; the others go on starting. */
const START_MS = 10_000

type UpContext = CommandContext<{ strict: Flag }>

interface Parts {
  readonly config: NodeConfig
  readonly context: UpContext
  readonly swarm: Swarm
  readonly mesh: Mesh
  readonly keepers: readonly ServiceKeeper[]
}

/** A node as its file says. Its services are there before it listens. */
export async function startNode (config: NodeConfig, context: UpContext): Promise<RunningNode> {
  const { output, clock, env, stderr } = context
  const tell: Tell = (event, facts, text) => {
    if (event !== 'stream' || output.verbose) {
      void output.note(event, facts, text)
    }
  }
  const identity = await lastingIdentity({ ...context, options: { ...context.options, key: context.options.key ?? config.key } })
  const swarm = await openSwarm(context, { identity, tell })
  const mesh = createMesh(swarm, {
    peers: config.peers as Record<string, string | string[]>,
    clock,
    onRefused: ({ peer, service, verb }) => { tell('refused', { peer, service, verb }, printable(`! ${peer} was refused ${verb} ${JSON.stringify(service)}`)) }
  })
  const isAllowed = allowedBackends(config)
  const host = createHost({
    clock,
    env,
    peer: async (peer, options) => mesh.peer(peer, options),
    allows (backend, caller) {
      const allowed = isAllowed(backend, caller)

      if (!allowed) {
        tell('refused', { peer: caller.peer, service: backend, verb: 'spawn' }, printable(`! ${caller.peer ?? ''} was refused spawn ${JSON.stringify(backend)}`))
      }

      return allowed
    }
  })
  const keepers = config.services.map((service) => new ServiceKeeper({ config: service, host, clock, tell, json: output.json, write: async (chunk) => stderr.write(chunk) }))

  for (const { name, allow } of config.backends) {
    const backend = BACKENDS.find((candidate) => candidate.name === name)

    if (backend != null) {
      mesh.export(name, backendService(backend, host), { allow, privileged: backend.isPrivileged })
    }
  }

  for (const [index, { name, allow }] of config.services.entries()) {
    mesh.export(name, keepers[index] ?? fail(name), { allow })
  }

  return new RunningNode({ config, context, swarm, mesh, keepers })
}

function fail (name: string): never {
  throw new RangeError(`there is no keeper of ${name}`)
}

/** Ends with all that it runs. */
export class RunningNode implements AsyncDisposable {
  readonly #parts: Parts

  constructor (parts: Parts) {
    this.#parts = parts
  }

  /** Starts the services, listens, and says so. @throws ListenError; ServiceError Unavailable with `--strict`; the signal's reason */
  async ready (): Promise<void> {
    const { config, context: { signal, clock, output, options }, swarm, keepers } = this.#parts
    const started = await raceSignal(Promise.race([
      Promise.all(keepers.map(async (keeper) => keeper.start())),
      pause(clock, START_MS, signal).then(() => [])
    ]), signal)
    const failed = keepers.filter((_, index) => started[index] === false).map(({ name }) => name)

    if (options.strict && failed.length > 0) {
      throw new ServiceError('Unavailable', `${failed.join(', ')} cannot start, and --strict was given`)
    }

    await raceSignal(swarm.listen(...(config.listen.length === 0 ? DEFAULT_LISTEN : config.listen)), signal)

    const peer = swarm.peerId.toString()
    const addresses = swarm.interfaceListenAddresses().map(String)
    const services = config.services.map(({ name, allow }) => ({ name, allow, started: !failed.includes(name) }))
    const backends = config.backends.map(({ name, allow }) => ({ name, allow }))

    await output.result('ready', { peer, addresses, services, backends }, [
      `peer ID    ${peer}`,
      ...addresses.map((address) => `listening  ${address}`),
      ...services.map(({ name, allow, started: runs }) => `service    ${name}, for ${people(allow)}${runs ? '' : '; it does not run'}`),
      ...backends.map(({ name, allow }) => `backend    ${name}, for ${people(allow)}`),
      'ready'
    ].join('\n'))
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    const { swarm, mesh, keepers } = this.#parts

    await Promise.all(keepers.map(async (keeper) => keeper.stop()))
    await closeMesh(mesh)
    await swarm.close()
  }
}

function people (allow: '*' | readonly string[]): string {
  if (allow === '*') {
    return 'everybody'
  }

  return allow.length === 0 ? 'nobody' : allow.join(', ')
}
