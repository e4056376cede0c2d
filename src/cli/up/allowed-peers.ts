import { parsePeerId } from '../../identity/index.ts'
import type { Caller } from '../../service/index.ts'
import type { BackendConfig, NodeConfig } from '../config/node-config.ts'

/** Who may have which backend spawned, as the file says. Peer IDs, whatever the file calls them. */
export function allowedBackends ({ backends, peers }: NodeConfig): (backend: string, caller: Caller) => boolean {
  const lists = new Map(backends.map(({ name, allow }) => [name, toIds(allow, peers)]))

  return (backend, { peer }) => {
    const list = lists.get(backend)

    return list === '*' || (peer != null && list?.has(peer) === true)
  }
}

function toIds (allow: BackendConfig['allow'], peers: NodeConfig['peers']): '*' | ReadonlySet<string> {
  return allow === '*' ? allow : new Set(allow.map((entry) => toId(entry, peers)))
}

/** The file was checked: each address of a peer ends in its ID. */
function toId (entry: string, peers: NodeConfig['peers']): string {
  const [target] = [peers[entry] ?? entry].flat()

  return parsePeerId(target?.split('/').at(-1) ?? '').toString()
}
