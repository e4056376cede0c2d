import { NO_CONFIG } from './config/node-config.ts'
import { UsageError } from './usage-error.ts'
import { file } from './value-types.ts'
import type { Many, One } from './arguments.ts'
import type { CommandContext } from './command.ts'
import type { NodeConfig } from './config/node-config.ts'
import type { ValueType } from './value-types.ts'

/** Names a config file where no option does. */
export const CONFIG_VARIABLE = 'SWARMD_CONFIG'

const namedPeer: ValueType<readonly [name: string, target: string]> = {
  wanted: 'NAME=ADDRESS, as bob=/ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...',
  parse (word) {
    const [, name, target] = /^([^=/@\s]+)=(\S+)$/.exec(word) ?? []

    return name == null || target == null ? undefined : [name, target]
  }
}

/** Taken by all commands that know peers by name. */
export const PEER_OPTIONS = {
  config: { kind: 'one', short: 'c', value: '<file>', type: file, help: `a swarmd.yml, for its peers and its key; $${CONFIG_VARIABLE} if not given` } as One<string>,
  peer: { kind: 'many', value: '<name=addr>', type: namedPeer, help: 'call a peer by a name; may be repeated, also for several addresses' } as Many<readonly [string, string]>
} as const

type PeerContext = Pick<CommandContext<typeof PEER_OPTIONS>, 'options' | 'env'>

/** The file that the command line or the environment names, or nothing. @throws ConfigError */
export async function loadConfig ({ options, env }: PeerContext): Promise<NodeConfig> {
  const file = options.config ?? env[CONFIG_VARIABLE]

  if (file == null || file === '') {
    return NO_CONFIG
  }

  const { readConfig } = await import('./config/read-config.ts')

  return readConfig(file)
}

/** Names of peers, from the file and from the command line, which counts more. */
export function peerNames ({ options }: PeerContext, config: NodeConfig): Record<string, string | string[]> {
  const named = new Map<string, string[]>()

  for (const [name, target] of options.peer) {
    named.set(name, [...named.get(name) ?? [], target])
  }

  const fromLine = Array.from(named, ([name, targets]) => [name, onlyOrAll(name, targets)] as const)

  return { ...config.peers as Record<string, string | string[]>, ...Object.fromEntries(fromLine) }
}

function onlyOrAll (name: string, targets: string[]): string | string[] {
  const [first = ''] = targets

  if (targets.length > 1 && targets.some((target) => !target.startsWith('/'))) {
    throw new UsageError(`--peer wants one peer ID, or one or more addresses for ${name}, received ${targets.join(' and ')}`)
  }

  return targets.length === 1 ? first : targets
}
