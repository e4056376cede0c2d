import { lastingIdentity } from './key-file.ts'
import { openSwarm } from './open-swarm.ts'
import { dialOptions } from './target.ts'
import { UsageError } from './usage-error.ts'
import type { CommandContext } from './command.ts'
import type { Swarm } from '../index.ts'
import type { Mesh } from '../mesh/index.ts'
import type { Reference } from '../service/index.ts'

/** How long peers are given to hear that we are leaving. */
const GOODBYE_MS = 2_000

export interface LazyMeshInit {
  readonly names: Readonly<Record<string, string | string[]>>
  /** A key file, where the command line names none. */
  readonly key: string | undefined
}

/** The peers of one command. The swarm is opened when the first is wanted, with the lasting identity: lists of peers name it. */
export class LazyMesh implements AsyncDisposable {
  readonly #context: CommandContext
  readonly #init: LazyMeshInit
  #open: Promise<{ swarm: Swarm, mesh: Mesh }> | undefined

  constructor (context: CommandContext, init: LazyMeshInit) {
    this.#context = context
    this.#init = init
  }

  /** What a peer exports to us. @throws UsageError; as `Mesh.peer` */
  peer = async (peer: string, { signal = this.#context.signal }: { signal?: AbortSignal | undefined } = {}): Promise<Reference> => {
    await checkPeer(peer, this.#init.names, this.#context.command)

    const { mesh } = await (this.#open ??= this.#start())

    return mesh.peer(peer, { ...dialOptions(this.#context), signal })
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    const opened = await this.#open?.catch(() => undefined)

    if (opened != null) {
      await closeMesh(opened.mesh)
      await opened.swarm.close()
    }
  }

  async #start (): Promise<{ swarm: Swarm, mesh: Mesh }> {
    const context = this.#context
    const { createMesh } = await import('../mesh/index.ts')
    const identity = await lastingIdentity({ ...context, options: { ...context.options, key: context.options.key ?? this.#init.key } })
    const swarm = await openSwarm(context, { identity })

    return { swarm, mesh: createMesh(swarm, { peers: this.#init.names, clock: context.clock }) }
  }
}

/** Sessions end in order if peers answer, and otherwise with their connections. */
export async function closeMesh (mesh: Mesh): Promise<void> {
  await mesh.close({ signal: AbortSignal.timeout(GOODBYE_MS) }).catch(() => {})
}

/** A name that nobody gave is told here: to a dial it would be a peer ID that makes no sense. */
async function checkPeer (peer: string, names: Readonly<Record<string, unknown>>, command: string): Promise<void> {
  if (peer.startsWith('/') || Object.hasOwn(names, peer)) {
    return
  }

  const { parsePeerId } = await import('../identity/index.ts')

  try {
    parsePeerId(peer)
  } catch {
    const known = Object.keys(names)

    throw new UsageError(`'${peer}' is neither a peer ID nor a name of a peer; ${known.length === 0 ? `name it with --peer ${peer}=<address>, or a config file with -c` : `there are ${known.join(', ')}`}`, command)
  }
}
