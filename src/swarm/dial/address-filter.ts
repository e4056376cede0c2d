import { CODE_QUIC, CODE_QUIC_V1, CODE_TCP, CODE_UDP, CODE_WEBTRANSPORT, CODE_WS, CODE_WSS } from '@multiformats/multiaddr'
import { raceSignal } from '../../base/index.ts'
import { namesOtherPeer, withoutPeer, withPeer } from '../address/index.ts'
import { hasHost, hasProtocol, isLinkLocalIp6, isRelayed, isUnspecified, portOf } from './address-kind.ts'
import { AddressError } from './dial-error.ts'
import { rankAddresses } from './dial-ranker.ts'
import type { DialRanker } from './dial-ranker.ts'
import type { ErrorCode } from '../../base/index.ts'
import type { DialSettings } from '../options.ts'
import type { ConnectionGater, PeerId, Transport } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface AddressFilterComponents {
  transportForDialing(address: Multiaddr): Transport | undefined
  /** Those that we listen on, as others would dial them. */
  ownAddresses(): Multiaddr[]
  gater: ConnectionGater
  settings: Pick<DialSettings, 'maxAddressesPerPeer'>
}

export interface AddressFilterOptions {
  /** Refuses relayed addresses. @default false */
  forceDirect?: boolean | undefined
  /** Decides which addresses stay when there are too many. @default rankAddresses */
  ranker?: DialRanker | undefined
  /** Stops waiting for the gater; its reason is thrown. */
  signal?: AbortSignal | undefined
}

export interface FilteredAddresses {
  /** To be dialled, in the order in which they came, each ending in the peer if that is known. */
  good: Multiaddr[]
  /** All others, but for repetitions, with the reason. */
  refused: AddressError[]
}

type Refusal = AddressError | undefined
type Check = (address: Multiaddr) => Refusal

/**
 * Keeps of a peer's addresses those that are worth a dial. The gater is asked last, about what
 * would be dialled and nothing else; if it throws, the address is refused.
 */
export async function filterAddresses (components: AddressFilterComponents, peer: PeerId | undefined, addresses: Multiaddr[], options: AddressFilterOptions = {}): Promise<FilteredAddresses> {
  const { forceDirect = false, ranker = rankAddresses, signal } = options
  const { gater, settings } = components
  const refused: AddressError[] = []
  const keep = (candidates: Multiaddr[], ...checks: Check[]): Multiaddr[] => candidates.filter((address) => {
    const refusal = firstRefusal(address, checks)

    if (refusal != null) {
      refused.push(refusal)
    }

    return refusal == null
  })

  signal?.throwIfAborted()

  const named = canonical(keep(addresses, otherPeer(peer)), peer)
  const usable = keep(named, noTransport(components), unspecified, ownAddress(components.ownAddresses()), linkLocal, relayed(forceDirect))
  const fewer = keep(usable, tooMany(usable, settings.maxAddressesPerPeer, ranker))
  const denials = await raceSignal(denied(gater, peer, fewer), signal)
  const allowed = keep(fewer, (address) => denials.get(address))
  // last of all: a better way to the same port must not oust another and be refused itself
  const good = keep(allowed, worseWay(allowed))

  return { good, refused }
}

function firstRefusal (address: Multiaddr, checks: Check[]): Refusal {
  for (const check of checks) {
    const refusal = check(address)

    if (refusal != null) {
      return refusal
    }
  }

  return undefined
}

/** One spelling of each address, once. */
function canonical (addresses: Multiaddr[], peer: PeerId | undefined): Multiaddr[] {
  const unique = new Map<string, Multiaddr>()

  for (const address of addresses) {
    const spelled = peer == null ? address : withPeer(address, peer)

    unique.set(spelled.toString(), spelled)
  }

  return [...unique.values()]
}

function refuse (code: ErrorCode, address: Multiaddr, message?: string): AddressError {
  return new AddressError(code, address, { phase: 'gate', message })
}

function otherPeer (peer: PeerId | undefined): Check {
  return (address) => peer != null && namesOtherPeer(address, peer)
    ? refuse('AddressUnusable', address, `the address is that of another peer than ${peer.toString()}`)
    : undefined
}

function noTransport (components: AddressFilterComponents): Check {
  return (address) => {
    if (components.transportForDialing(address) != null) {
      return undefined
    }

    const hint = hasProtocol(address, CODE_QUIC) ? '; QUIC draft 29 is out of use, its successor is quic-v1' : ''

    return refuse('NoTransport', address, `no transport for protocol ${protocolsOf(address)}${hint}`)
  }
}

function unspecified (address: Multiaddr): Refusal {
  return isUnspecified(address) ? refuse('AddressUnusable', address, 'an unspecified host can be listened on, and not dialled') : undefined
}

function ownAddress (own: Multiaddr[]): Check {
  // a relay that we listen on serves others as well: only what follows it tells us from them
  const ours = new Set(own.filter((address) => !isRelayed(address)).map((address) => withoutPeer(address).toString()))

  return (address) => ours.has(withoutPeer(address).toString())
    ? refuse('DialToSelf', address, 'dial to self attempted: we listen on this address')
    : undefined
}

function linkLocal (address: Multiaddr): Refusal {
  return isLinkLocalIp6(address) ? refuse('AddressUnusable', address, 'an IPv6 link-local host does not say over which interface') : undefined
}

function relayed (forceDirect: boolean): Check {
  return (address) => forceDirect && isRelayed(address)
    ? refuse('AddressUnusable', address, 'the address is relayed, and a direct connection was asked for')
    : undefined
}

function tooMany (addresses: Multiaddr[], max: number, ranker: DialRanker): Check {
  if (addresses.length <= max) {
    return () => undefined
  }

  const best = new Set(ranker(addresses).slice(0, max).map(({ address }) => address.toString()))

  return (address) => best.has(address.toString())
    ? undefined
    : new AddressError('ResourceLimit', address, { phase: 'limit', message: `the peer has ${addresses.length} addresses, and dial.maxAddressesPerPeer is ${max}` })
}

/** WebSocket where TCP leads to the same port, and WebTransport or old QUIC where QUIC does. */
function worseWay (addresses: Multiaddr[]): Check {
  const wayOf = (address: Multiaddr): { better: boolean, key: string } | undefined => {
    if (!hasHost(address) || isRelayed(address)) {
      return undefined
    }

    const better = !hasProtocol(address, CODE_WS, CODE_WSS, CODE_WEBTRANSPORT, CODE_QUIC)
    const over = hasProtocol(address, CODE_QUIC, CODE_QUIC_V1) ? CODE_UDP : CODE_TCP
    const port = portOf(address, over)

    return port == null ? undefined : { better, key: `${over} ${port} ${address.getComponents()[0]?.value ?? ''}` }
  }
  const best = new Set(addresses.map(wayOf).map((way) => way?.better === true ? way.key : undefined))

  return (address) => {
    const way = wayOf(address)

    return way?.better === false && best.has(way.key)
      ? refuse('AddressUnusable', address, 'not needed: the same host and port is dialled without what goes on top')
      : undefined
  }
}

async function denied (gater: ConnectionGater, peer: PeerId | undefined, addresses: Multiaddr[]): Promise<Map<Multiaddr, Refusal>> {
  return new Map(await Promise.all(addresses.map(async (address) => [address, await askGater(gater, peer, address)] as const)))
}

async function askGater (gater: ConnectionGater, peer: PeerId | undefined, address: Multiaddr): Promise<Refusal> {
  try {
    if (peer != null && gater.filterMultiaddrForPeer != null && !await gater.filterMultiaddrForPeer(peer, address)) {
      return refuse('Gated', address, 'gater disallows connection to peer: filterMultiaddrForPeer refused the address')
    }

    if (await gater.denyDialMultiaddr?.(address) === true) {
      return refuse('Gated', address, 'gater disallows connection to peer: denyDialMultiaddr refused the address')
    }

    return undefined
  } catch (error) {
    return new AddressError('Gated', address, { phase: 'gate', cause: error, message: `gater disallows connection to peer: it threw ${String(error)}` })
  }
}

function protocolsOf (address: Multiaddr): string {
  return address.getComponents().map(({ name }) => `/${name}`).join('')
}
