import { UsageError } from './usage-error.ts'
import { text } from './value-types.ts'
import type { Many } from './arguments.ts'
import type { CommandContext } from './command.ts'
import type { DialTarget, Swarm } from '../index.ts'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Taken by all commands that dial. */
export const TARGET_OPTIONS = {
  addr: { kind: 'many', value: '<address>', type: text, help: 'where the peer is, besides <target>; may be repeated' } as Many<string>
} as const

/** Whom to dial and where, as far as the command line says. */
export interface Target {
  readonly peer: PeerId | undefined
  readonly addresses: readonly Multiaddr[]
}

/**
 * Reads a peer ID, or addresses, or a peer ID and its addresses.
 *
 * @throws UsageError
 */
export async function parseTarget (words: readonly string[], { command, options }: Pick<CommandContext<typeof TARGET_OPTIONS>, 'command' | 'options'>): Promise<Target> {
  const [first = '', ...others] = words

  if (first.startsWith('/')) {
    return { peer: undefined, addresses: await parseAddresses([...words, ...options.addr], command) }
  }

  return { peer: await parsePeer(first, command), addresses: await parseAddresses([...others, ...options.addr], command) }
}

/** The bounds that the command line sets to a dial. */
export function dialOptions ({ options: { timeout }, signal }: CommandContext): { signal: AbortSignal, timeoutMs?: number } {
  return timeout == null ? { signal } : { signal, timeoutMs: timeout }
}

/** What to hand to `dial`. The addresses of a known peer go to the peerstore, and it is dialled by its ID. */
export async function locate ({ peer, addresses }: Target, swarm: Swarm): Promise<DialTarget> {
  if (peer == null) {
    return [...addresses]
  }

  if (addresses.length > 0) {
    await swarm.peerStore.merge(peer, { multiaddrs: [...addresses] })
  }

  return peer
}

async function parsePeer (word: string, command: string): Promise<PeerId> {
  const { parsePeerId } = await import('../identity/index.ts')

  try {
    return parsePeerId(word)
  } catch {
    throw new UsageError(`${command} wants a peer ID or a multiaddr such as /ip4/127.0.0.1/tcp/4001, received '${word}'`, command)
  }
}

async function parseAddresses (words: readonly string[], command: string): Promise<Multiaddr[]> {
  const { multiaddr } = await import('@multiformats/multiaddr')

  return words.map((word) => {
    try {
      return multiaddr(word)
    } catch {
      throw new UsageError(`${command} wants a multiaddr such as /ip4/127.0.0.1/tcp/4001, received '${word}'`, command)
    }
  })
}
