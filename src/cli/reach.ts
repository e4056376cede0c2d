import { loadConfig, peerNames } from './config-options.ts'
import { LazyMesh } from './lazy-mesh.ts'
import { parseServicePath } from './service-path.ts'
import type { CommandContext } from './command.ts'
import type { PEER_OPTIONS } from './config-options.ts'
import type { ServicePath } from './service-path.ts'
import type { Client, RequestOptions } from '../service/index.ts'

export type PeerContext = CommandContext<typeof PEER_OPTIONS>

/** The paragraph of all commands that take a path. */
export const PATH_DESCRIPTION = "<path> is PEER/service, and on to what is in it: alice/docker/web. PEER is a name under 'peers' of the config file or of --peer, a peer ID, or an address that ends in /p2p/<peer ID>. The peer sees the key of this node, $XDG_DATA_HOME/swarmd/key unless named, and lets us use what it allows us."

/** Something at a peer, and how to ask it. */
export interface Reached {
  readonly object: Client
  /** For each request: `--timeout` and Ctrl-C. */
  readonly options: RequestOptions
  readonly path: ServicePath
}

/**
 * Goes to what a path names, and lets `use` ask it.
 *
 * @throws UsageError; ConfigError; as `swarm.dial`; what the services on the way answer
 */
export async function reach<T> (context: PeerContext, word: string, use: (reached: Reached) => Promise<T>): Promise<T> {
  const { command, clock, signal, options: { timeout } } = context
  const path = parseServicePath(word, command)
  const config = await loadConfig(context)
  const names = peerNames(context, config)

  const { Client } = await import('../service/index.ts')
  const options: RequestOptions = { signal, timeoutMs: timeout }

  await using mesh = new LazyMesh(context, { names, key: config.key })
  await using root = new Client(await mesh.peer(path.peer), { clock })

  if (path.path === '') {
    return await use({ object: root, options, path })
  }

  await using object = await root.child(path.path, options)

  return await use({ object, options, path })
}
