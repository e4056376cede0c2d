import { nearest } from '../base/index.ts'
import { Client, reference, ServiceError } from '../service/index.ts'
import { assertMaySpawn, backendService } from './backend-service.ts'
import { parseLine } from './parse-line.ts'
import { stageName } from './stage-name.ts'
import type { Allows } from './backend-service.ts'
import type { Backend, BackendHost, Caller, Stage } from '../service/index.ts'

export interface LaunchOptions {
  readonly caller: Caller
  /** Ends the launching; what runs is ended by closing the reference to it. */
  readonly signal: AbortSignal
}

/** What a remote caller needs to be allowed for us to ask other peers for it, in our name. */
const PEER = { name: 'peer', isPrivileged: true }

/**
 * Spawns what a line says, here or at the peer that it names. A path in place of a backend, `./service.js`, stands for `handler` with that path.
 *
 * @throws ServiceError NotFound with the names there are, InvalidArgument, PermissionDenied; what the backend throws;
 * what `host.peer` throws; the signal's reason
 */
export async function launch (line: string, backends: readonly Backend[], host: BackendHost & Allows, { caller, signal }: LaunchOptions): Promise<Stage> {
  const parsed = parseLine(line)
  const [backend, ...args] = withHandler(parsed.words)
  const name = stageName(parsed)

  signal.throwIfAborted()

  if (parsed.peer != null) {
    assertMaySpawn(PEER, host, caller)

    return { name, object: await spawnAt(parsed.peer, backend, args, host, signal) }
  }

  await using service = new Client(reference(backendService(find(backend, args, backends), host), { caller, clock: host.clock }), { clock: host.clock })
  const spawned = await service.spawn(args, { signal })

  return { name, object: spawned.target }
}

function find (name: string, args: readonly string[], backends: readonly Backend[]): Backend {
  const backend = backends.find((candidate) => candidate.name === name)
  const names = backends.map((candidate) => candidate.name)

  if (backend == null) {
    const meant = nearest(name, names)

    throw new ServiceError('NotFound', `there is no backend ${JSON.stringify(name)}${meant == null ? '.' : `, did you mean ${meant}?`} There are: ${names.toSorted().join(', ')}`)
  }

  if (args[0] === '--help') {
    throw new ServiceError('InvalidArgument', `a line spawns a stage, and --help does not: see 'swarmd ${name} --help'`)
  }

  return backend
}

async function spawnAt (peer: string, backend: string, args: readonly string[], host: BackendHost, signal: AbortSignal): Promise<Stage['object']> {
  await using root = new Client(await host.peer(peer, { signal }), { clock: host.clock })

  try {
    await using service = await root.child(backend, { signal })

    return (await service.spawn(args, { signal })).target
  } catch (thrown) {
    throw thrown instanceof ServiceError ? at(peer, backend, thrown) : thrown
  }
}

function at (peer: string, backend: string, error: ServiceError): ServiceError {
  const { code, remoteCode, data, message } = error

  return new ServiceError(code, `cannot spawn ${backend} at ${peer}: ${message}`, { remoteCode, data, cause: error })
}

/** @throws never for parsed lines, which have a word */
function withHandler ([first = '', ...rest]: readonly string[]): [backend: string, ...args: string[]] {
  const isPath = /^\.{0,2}\//.test(first) || /\.[cm]?[jt]s$/.test(first)

  return isPath ? ['handler', first, ...rest] : [first, ...rest]
}
