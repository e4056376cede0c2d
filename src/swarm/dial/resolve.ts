import { dns as systemDns } from '@multiformats/dns'
import { CODE_DNS, CODE_DNS4, CODE_DNS6, CODE_DNSADDR, CODE_HTTP, CODE_HTTPS, CODE_IP4, CODE_IP6, CODE_SNI, CODE_TCP, CODE_TLS, CODE_WS, CODE_WSS, multiaddr } from '@multiformats/multiaddr'
import { CodedError, Deadline, systemClock } from '../../base/index.ts'
import { namesOtherPeer, partsOf } from '../address/index.ts'
import { MAX_DNSADDR_DEPTH, MAX_RESOLVED_ADDRESSES } from '../constants.ts'
import { hasProtocol, isRelayed, isWithinDomain } from './address-kind.ts'
import { AddressError } from './dial-error.ts'
import { Lookups } from './dns-lookups.ts'
import type { RecordName } from './dns-lookups.ts'
import type { Clock } from '../../base/index.ts'
import type { PeerId } from '@libp2p/interface'
import type { DNS } from '@multiformats/dns'
import type { Component, Multiaddr } from '@multiformats/multiaddr'

export interface ResolveComponents {
  /** Pass one that lives as long as the swarm, and its answers are cached. @default a new one that asks the servers of the system */
  dns?: DNS | undefined
  /** @default systemClock */
  clock?: Clock | undefined
}

export interface ResolveOptions {
  /** Gives up everything; its reason is thrown. */
  signal?: AbortSignal | undefined
  /** When it is over, names without an answer have failed, and the rest is given back. @default Infinity */
  timeoutMs?: number | undefined
  /** Addresses that come out of names. @default MAX_RESOLVED_ADDRESSES */
  maxAddresses?: number | undefined
  /** Names of dnsaddr within each other. @default MAX_DNSADDR_DEPTH */
  maxDepth?: number | undefined
}

export interface ResolvedAddresses {
  /** Without repetitions, in the order of the addresses that they came from. */
  addresses: Multiaddr[]
  /** What gave no address at all. */
  failures: AddressError[]
}

interface Found {
  address: Multiaddr
  /** Whether it came out of a name, and counts against the maximum. */
  resolved: boolean
}

interface Resolution {
  lookups: Lookups
  peer: PeerId | undefined
  maxAddresses: number
  failures: AddressError[]
}

/** Protocols that need the name itself: for the certificate of the other side, or to tell virtual hosts apart. */
const NEEDS_NAME = [CODE_TLS, CODE_SNI, CODE_WS, CODE_WSS, CODE_HTTP, CODE_HTTPS]

/**
 * Puts IP addresses in the place of names, so that each can be ranked, limited and dialled by itself.
 *
 * `/dnsaddr` becomes what its TXT records hold for this peer, names within names included
 * (https://github.com/multiformats/multiaddr/blob/master/protocols/DNSADDR.md). `/dns`, `/dns4` and
 * `/dns6` become IP addresses, except under TLS, WebSocket and HTTP, where the transport needs the
 * name. A plain TCP name that DNS does not know is left to the transport too, because the system may
 * know it from elsewhere, as from its hosts file. Relayed addresses stay as they are: their relay is
 * resolved when it is dialled.
 *
 * What others have written into their zones cannot make us ask without end: addresses, depth and
 * lookups are bounded, and each name is asked for once.
 *
 * @throws the signal's reason when it aborts
 */
export async function resolveAddresses ({ dns = systemDns(), clock = systemClock }: ResolveComponents, peer: PeerId | undefined, addresses: Multiaddr[], options: ResolveOptions = {}): Promise<ResolvedAddresses> {
  const { signal, timeoutMs = Infinity, maxAddresses = MAX_RESOLVED_ADDRESSES, maxDepth = MAX_DNSADDR_DEPTH } = options

  signal?.throwIfAborted()

  let found: Found[] = addresses.map((address) => ({ address, resolved: false }))

  using deadline = new Deadline({
    clock,
    timeoutMs,
    onTimeout: () => new CodedError('ResolveFailed', `the name server gave no answer within ${timeoutMs} ms`),
    signal
  })
  const resolution: Resolution = { lookups: new Lookups(dns, deadline.signal), peer, maxAddresses, failures: [] }

  for (let depth = 0; depth < maxDepth && found.some(isDnsaddr); depth++) {
    found = await replace(resolution, found, isDnsaddr, resolveDnsaddr)
    signal?.throwIfAborted()
  }

  found = await replace(resolution, found, isDnsaddr, async () => {
    throw new CodedError('ResolveFailed', `more than ${maxDepth} dnsaddr names within each other`)
  })
  found = await replace(resolution, found, isPlainName, resolveName)
  signal?.throwIfAborted()

  return { addresses: found.map(({ address }) => address), failures: resolution.failures }
}

/** Whether nothing can be said of `address` before name servers have answered. */
export function hasName (address: Multiaddr): boolean {
  const item = { address, resolved: false }

  return isDnsaddr(item) || isPlainName(item)
}

/** Replaces what `isName` holds for by what `resolve` makes of it, all at once, and keeps the order. */
async function replace (
  resolution: Resolution,
  found: Found[],
  isName: (item: Found) => boolean,
  resolve: (resolution: Resolution, address: Multiaddr) => Promise<Multiaddr[]>
): Promise<Found[]> {
  const outcomes = await Promise.allSettled(found.map(async (item) => {
    if (!isName(item)) {
      return [item]
    }

    const addresses = await resolve(resolution, item.address)

    // a name that stays a name did not come out of one
    return addresses.map((address) => address === item.address ? item : { address, resolved: true })
  }))

  found.forEach(({ address }, i) => {
    const outcome = outcomes[i]

    if (outcome?.status === 'rejected') {
      resolution.failures.push(new AddressError('ResolveFailed', address, { phase: 'resolve', cause: outcome.reason }))
    }
  })

  return bounded(outcomes.flatMap((outcome) => outcome.status === 'fulfilled' ? outcome.value : []), resolution.maxAddresses)
}

/** Every address once, and of those that came out of names only so many. */
function bounded (found: Found[], maxAddresses: number): Found[] {
  const unique = new Map<string, Found>()
  let resolved = 0

  for (const item of found) {
    const key = item.address.toString()

    if (unique.has(key) || (item.resolved && resolved >= maxAddresses)) {
      continue
    }

    unique.set(key, item)
    resolved += Number(item.resolved)
  }

  return [...unique.values()]
}

function isDnsaddr ({ address }: Found): boolean {
  return partsOf(address).components[0]?.code === CODE_DNSADDR && !isRelayed(address)
}

function isPlainName ({ address }: Found): boolean {
  const code = partsOf(address).components[0]?.code

  return (code === CODE_DNS || code === CODE_DNS4 || code === CODE_DNS6) && !isRelayed(address) && !hasProtocol(address, ...NEEDS_NAME)
}

async function resolveDnsaddr ({ lookups, peer, maxAddresses }: Resolution, address: Multiaddr): Promise<Multiaddr[]> {
  const [name, ...rest] = address.getComponents()
  const records = await lookups.ask(`_dnsaddr.${name?.value ?? ''}`, 'TXT')
  const ending = rest.length === 0 ? '' : multiaddr(rest).toString()
  const entries: Multiaddr[] = []

  for (const record of records) {
    const entry = parseEntry(record)

    if (entry != null && entry.toString().endsWith(ending) && (peer == null || !namesOtherPeer(entry, peer)) && entries.length < maxAddresses) {
      entries.push(entry)
    }
  }

  if (entries.length === 0) {
    throw new CodedError('ResolveFailed', `none of its ${records.length} records is an address of this peer`)
  }

  return entries
}

/** Resolvers over HTTPS leave TXT records in quotes. */
const ENTRY = /^"?dnsaddr=([^"]*)"?$/

function parseEntry (record: string): Multiaddr | undefined {
  const text = ENTRY.exec(record)?.[1]

  try {
    // an empty address would match everything, and lead nowhere
    return text == null || text === '' ? undefined : multiaddr(text)
  } catch {
    return undefined
  }
}

async function resolveName ({ lookups }: Resolution, address: Multiaddr): Promise<Multiaddr[]> {
  const [name, ...rest] = address.getComponents()
  const families = FAMILIES.filter(({ names }) => name != null && names.includes(name.code))
  const host = name?.value ?? ''

  if (isWithinDomain(host, 'localhost')) {
    return families.flatMap((family) => withIp(family, family.loopback, rest))
  }

  const outcomes = await Promise.allSettled(families.map(async (family) => {
    const ips = await lookups.ask(host, family.record)

    return ips.flatMap((ip) => withIp(family, ip, rest))
  }))
  const addresses = outcomes.flatMap((outcome) => outcome.status === 'fulfilled' ? outcome.value : [])

  if (addresses.length > 0) {
    return addresses
  }

  if (rest[0]?.code === CODE_TCP) {
    return [address]
  }

  throw outcomes.find((outcome) => outcome.status === 'rejected')?.reason ?? new CodedError('ResolveFailed', `the name ${host} has no IP address`)
}

interface Family {
  code: number
  name: string
  record: RecordName
  /** RFC 6761, 6.3: localhost is not asked for. */
  loopback: string
  /** The protocols of names that this family answers. */
  names: number[]
}

const FAMILIES: Family[] = [
  { code: CODE_IP4, name: 'ip4', record: 'A', loopback: '127.0.0.1', names: [CODE_DNS, CODE_DNS4] },
  { code: CODE_IP6, name: 'ip6', record: 'AAAA', loopback: '::1', names: [CODE_DNS, CODE_DNS6] }
]

/** None where `ip` is no address of this family: answers hold aliases too. */
function withIp ({ code, name }: Family, ip: string, rest: Component[]): Multiaddr[] {
  try {
    return [multiaddr([{ code, name, value: ip }, ...rest])]
  } catch {
    return []
  }
}
