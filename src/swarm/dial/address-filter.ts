import { CODE_QUIC, CODE_QUIC_V1, CODE_TCP, CODE_UDP, CODE_WEBTRANSPORT, CODE_WS, CODE_WSS } from '@multiformats/multiaddr'
import { raceSignal } from '../../base/index.ts'
import { namesOtherPeer, partsOf, withoutPeer, withPeer } from '../address/index.ts'
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
  const { signal } = options
  const sieve = new Sieve()

  signal?.throwIfAborted()

  const usable = keepUsable(sieve, components, peer, addresses, options)
  const denials = await raceSignal(denied(components.gater, peer, usable), signal)

  return keepBest(sieve, sieve.keep(usable, (address) => denials.get(address)))
}

/** As `filterAddresses`, where the gater has nothing to say of addresses, and so nothing is waited for. */
export function filterUngated (components: Omit<AddressFilterComponents, 'gater'>, peer: PeerId | undefined, addresses: Multiaddr[], options: AddressFilterOptions = {}): FilteredAddresses {
  const sieve = new Sieve()

  return keepBest(sieve, keepUsable(sieve, components, peer, addresses, options))
}

/** Whether the gater decides on addresses. */
export function gatesAddresses ({ filterMultiaddrForPeer, denyDialMultiaddr }: ConnectionGater): boolean {
  return filterMultiaddrForPeer != null || denyDialMultiaddr != null
}

/** Lets addresses through, and collects what it keeps back. */
class Sieve {
  readonly refused: AddressError[] = []

  keep (candidates: Multiaddr[], ...checks: Check[]): Multiaddr[] {
    return candidates.filter((address) => this.#passes(address, checks))
  }

  #passes (address: Multiaddr, checks: Check[]): boolean {
    for (const check of checks) {
      const refusal = check(address)

      if (refusal != null) {
        this.refused.push(refusal)

        return false
      }
    }

    return true
  }
}

function keepUsable (
  sieve: Sieve,
  components: Omit<AddressFilterComponents, 'gater'>,
  peer: PeerId | undefined,
  addresses: Multiaddr[],
  { forceDirect = false, ranker = rankAddresses }: AddressFilterOptions
): Multiaddr[] {
  const named = canonical(sieve.keep(addresses, otherPeer(peer)), peer)
  const usable = sieve.keep(named, noTransport(components), unspecified, ownAddress(components.ownAddresses()), linkLocal, relayed(forceDirect))

  return sieve.keep(usable, tooMany(usable, components.settings.maxAddressesPerPeer, ranker))
}

/** Last of all: a better way to the same port must not oust another and be refused itself. */
function keepBest (sieve: Sieve, allowed: Multiaddr[]): FilteredAddresses {
  return { good: sieve.keep(allowed, worseWay(allowed)), refused: sieve.refused }
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

function noTransport (components: Pick<AddressFilterComponents, 'transportForDialing'>): Check {
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

    return port == null ? undefined : { better, key: `${over} ${port} ${partsOf(address).components[0]?.value ?? ''}` }
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
  return partsOf(address).components.map(({ name }) => `/${name}`).join('')
}
