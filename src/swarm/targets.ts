import { isPeerId } from '@libp2p/interface'
import { CODE_P2P, isMultiaddr, multiaddr } from '@multiformats/multiaddr'
import { BoundedMap, CodedError } from '../base/index.ts'
import { parsePeerId } from '../identity/index.ts'
import { namedPeer } from './address/index.ts'
import type { DialTarget } from './contract/swarm.ts'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface ParsedTarget {
  /** Undefined when there are only addresses, and none names its peer. */
  readonly peer: PeerId | undefined
  readonly addresses: readonly Multiaddr[]
}

const MAX_RECENT = 4096

/** Texts that were parsed last: who opens streams names the same few targets again and again. */
const recent = new BoundedMap<ParsedTarget>(MAX_RECENT)

/**
 * What to dial: whom, and where, as far as that is said.
 *
 * @throws CodedError InvalidAddress, InvalidPeerId; InvalidAddress too when addresses name different peers
 */
export function parseTarget (target: DialTarget): ParsedTarget {
  if (isPeerId(target)) {
    return { peer: target, addresses: [] }
  }

  if (typeof target !== 'string') {
    return parse(target)
  }

  const known = recent.get(target)

  if (known != null) {
    return known
  }

  const parsed = parse(target)

  recent.set(target, parsed)

  return parsed
}

function parse (target: Exclude<DialTarget, PeerId>): ParsedTarget {
  if (typeof target === 'string' && !target.startsWith('/')) {
    return { peer: parsePeerId(target), addresses: [] }
  }

  const addresses = (Array.isArray(target) ? target : [target]).map(parseAddress)

  if (addresses.length === 0) {
    throw new CodedError('InvalidAddress', 'wanted at least one address to dial, received none')
  }

  // one peer has several spellings, so that it is the IDs that are compared
  const peers = new Map(addresses.flatMap(peersIn).map((peer) => [peer.toString(), peer]))

  if (peers.size > 1) {
    throw new CodedError('InvalidAddress', `all addresses of one dial must be of one peer, received ${[...peers.keys()].join(' and ')}`)
  }

  return { peer: peers.values().next().value, addresses: addresses.filter(leadsSomewhere) }
}

function peersIn (address: Multiaddr): PeerId[] {
  const named = namedPeer(address)

  return named == null ? [] : [parsePeerId(named)]
}

/** A bare /p2p/… says whom to dial, and not where. */
function leadsSomewhere (address: Multiaddr): boolean {
  return address.getComponents().some(({ code }) => code !== CODE_P2P)
}

/** @throws CodedError InvalidAddress, for an address without a component, too */
export function parseAddress (address: Multiaddr | string): Multiaddr {
  if (isMultiaddr(address)) {
    return address
  }

  let cause: unknown

  try {
    const parsed = multiaddr(address)

    // nothing at all would be read as the empty address
    if (parsed.getComponents().length > 0) {
      return parsed
    }
  } catch (thrown) {
    cause = thrown
  }

  throw new CodedError('InvalidAddress', `wanted a multiaddr such as /ip4/127.0.0.1/tcp/4001, received ${JSON.stringify(address)}`, { cause })
}
