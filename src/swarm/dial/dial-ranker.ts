import { CODE_QUIC, CODE_QUIC_V1, CODE_TCP, CODE_UDP, CODE_WEBRTC_DIRECT, CODE_WEBTRANSPORT, CODE_WS, CODE_WSS } from '@multiformats/multiaddr'
import { hasHost, hasProtocol, isIp6, isPrivateAddress, isRelayed, portOf } from './address-kind.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

/** From dial_ranker.go of go-libp2p; 250 ms is the "connection attempt delay" of RFC 8305, section 5. */
export const PUBLIC_TCP_DELAY_MS = 250
export const PRIVATE_TCP_DELAY_MS = 30
export const PUBLIC_QUIC_DELAY_MS = 250
export const PRIVATE_QUIC_DELAY_MS = 30
export const RELAY_DELAY_MS = 500
export const PUBLIC_OTHER_DELAY_MS = 1000
export const PRIVATE_OTHER_DELAY_MS = 100

/** An address, and how long after the start of the dial its turn comes. */
export interface RankedAddress {
  address: Multiaddr
  delayMs: number
}

/** Decides when each address is dialled. Gives back all of them, sorted by delay. */
export type DialRanker = (addresses: Multiaddr[]) => RankedAddress[]

interface Delays {
  quicMs: number
  tcpMs: number
  otherMs: number
}

const PRIVATE_DELAYS: Delays = { quicMs: PRIVATE_QUIC_DELAY_MS, tcpMs: PRIVATE_TCP_DELAY_MS, otherMs: PRIVATE_OTHER_DELAY_MS }
const PUBLIC_DELAYS: Delays = { quicMs: PUBLIC_QUIC_DELAY_MS, tcpMs: PUBLIC_TCP_DELAY_MS, otherMs: PUBLIC_OTHER_DELAY_MS }

type Kind = 'local' | 'quic' | 'tcp' | 'other'

/** What the order depends on, read from the address once. */
interface Candidate {
  address: Multiaddr
  group: 'private' | 'public' | 'relayed' | 'strange'
  kind: Kind
  ip6: boolean
  /** Of two addresses of one kind, the one with the lower cost is dialled first. */
  cost: number
}

/**
 * Ranks as go-libp2p does. Private, public and relayed addresses are dialled side by side, relayed
 * ones later when there is a public one that is direct. Within each group QUIC goes before TCP and
 * both before the rest, IPv6 before IPv4, and low ports, which are more likely to be listened on,
 * before high ones. What has neither a host nor a relay comes last.
 */
export const rankAddresses: DialRanker = (addresses) => {
  const { private: nearby = [], public: distant = [], relayed = [], strange = [] } = Object.groupBy(addresses.map(candidateOf), ({ group }) => group)

  const ranked = [
    ...rankGroup(nearby, PRIVATE_DELAYS),
    ...rankGroup(distant, PUBLIC_DELAYS),
    ...rankGroup(relayed, PUBLIC_DELAYS, distant.length > 0 ? RELAY_DELAY_MS : 0)
  ]
  const lastMs = ranked.reduce((last, { delayMs }) => Math.max(last, delayMs), 0)

  ranked.push(...at(strange, lastMs + PUBLIC_OTHER_DELAY_MS))

  return ranked.sort((a, b) => a.delayMs - b.delayMs)
}

/** All at once, the best first. */
export const noDelayRanker: DialRanker = (addresses) => {
  return rankAddresses(addresses).map(({ address }) => ({ address, delayMs: 0 }))
}

function rankGroup (group: Candidate[], delays: Delays, offsetMs = 0): RankedAddress[] {
  if (group.length === 0) {
    return []
  }

  const { local = [], quic = [], tcp = [], other = [] } = Object.groupBy(group.toSorted((a, b) => a.cost - b.cost), ({ kind }) => kind)

  const quicRanked = stagger(quic, delays.quicMs, offsetMs)
  const quicEndMs = quicRanked.at(-1)?.delayMs
  const tcpRanked = stagger(tcp, delays.tcpMs, quicEndMs == null ? offsetMs : quicEndMs + delays.tcpMs)
  const endMs = tcpRanked.at(-1)?.delayMs ?? quicEndMs ?? offsetMs

  return [...at(local, offsetMs), ...quicRanked, ...tcpRanked, ...at(other, endMs + delays.otherMs)]
}

/**
 * The best address at once, and all the others after one delay. When the best is of IPv6 and there
 * is one of IPv4, that one has the second turn for itself (RFC 8305, section 4).
 */
function stagger (sorted: Candidate[], delayMs: number, startMs: number): RankedAddress[] {
  const [first, ...rest] = sorted

  if (first == null) {
    return []
  }

  const second = first.ip6 ? rest.find(({ ip6 }) => !ip6) : undefined

  if (second == null) {
    return [...at([first], startMs), ...at(rest, startMs + delayMs)]
  }

  const others = rest.filter((candidate) => candidate !== second)

  return [...at([first], startMs), ...at([second], startMs + delayMs), ...at(others, startMs + 2 * delayMs)]
}

function at (candidates: Candidate[], delayMs: number): RankedAddress[] {
  return candidates.map(({ address }) => ({ address, delayMs }))
}

function candidateOf (address: Multiaddr): Candidate {
  const kind = kindOf(address)

  return { address, group: groupOf(address), kind, ip6: isIp6(address), cost: costOf(address, kind) }
}

function groupOf (address: Multiaddr): Candidate['group'] {
  if (isRelayed(address)) {
    return 'relayed'
  }

  if (isPrivateAddress(address)) {
    return 'private'
  }

  return hasHost(address) ? 'public' : 'strange'
}

function kindOf (address: Multiaddr): Kind {
  if (hasProtocol(address, CODE_QUIC, CODE_QUIC_V1)) {
    return 'quic'
  }

  if (hasProtocol(address, CODE_TCP)) {
    return 'tcp'
  }

  // memory and unix sockets: there is nothing to be gained by waiting
  return isPrivateAddress(address) && !hasHost(address) ? 'local' : 'other'
}

/** The port in the lowest 16 bits, and above it, a bit each, what is worse than a high port. */
function costOf (address: Multiaddr, kind: Kind): number {
  // QUIC as it was before its RFC; of what is neither QUIC nor TCP, WebRTC is the best
  const unusual = kind === 'other' ? !hasProtocol(address, CODE_WEBRTC_DIRECT) : hasProtocol(address, CODE_QUIC)
  // WebSocket is TCP, and WebTransport QUIC, with something in between
  const wrapped = hasProtocol(address, CODE_WEBTRANSPORT, CODE_WS, CODE_WSS)
  const port = portOf(address, CODE_UDP) ?? portOf(address, CODE_TCP) ?? 0

  return port + (unusual ? 1 << 16 : 0) + (isIp6(address) ? 0 : 1 << 17) + (wrapped ? 1 << 18 : 0)
}
