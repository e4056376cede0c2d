import { CODE_DNS, CODE_DNS4, CODE_DNS6, CODE_DNSADDR, CODE_IP4, CODE_IP6, CODE_MEMORY, CODE_P2P_CIRCUIT, CODE_TCP, CODE_UDP, CODE_UNIX } from '@multiformats/multiaddr'
import { ipBytes, partsOf } from '../address/index.ts'
import type { Component, Multiaddr } from '@multiformats/multiaddr'

interface Range {
  prefix: Uint8Array
  bits: number
}

/** Networks that do not leave the site (RFC 1918, 6598, 3927, 4193, 4291), as go-multiaddr has them. */
const PRIVATE = [
  '127.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16',
  '::1/128', 'fc00::/7', 'fe80::/10'
].map(range)

/** Networks to which nobody routes (RFC 6890), as go-multiaddr has them. */
const UNROUTABLE = [
  '0.0.0.0/8', '192.0.0.0/26', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24',
  '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', 'ff00::/8', '2001:db8::/32'
].map(range)

/** The IPv6 networks to which anybody may route: global unicast (RFC 4291) and NAT64 (RFC 6052, 8215). */
const ROUTABLE_IP6 = ['2000::/3', '64:ff9b::/96', '64:ff9b:1::/48'].map(range)

const LOOPBACK = ['127.0.0.0/8', '::1/128'].map(range)
const LINK_LOCAL_IP6 = ['fe80::/10'].map(range)
const UNSPECIFIED = ['0.0.0.0/32', '::/128'].map(range)

/** Names that stand for this machine (RFC 6761, 6.3). */
const LOCALHOST = ['localhost']

/** Names that the public has no addresses for (RFC 6761, 6762, 8375, 3172). */
const SPECIAL_NAMES = ['invalid', 'test', 'local', 'home.arpa', 'in-addr.arpa', 'ip6.arpa']

const NAMES: ReadonlySet<number> = new Set([CODE_DNS, CODE_DNS4, CODE_DNS6, CODE_DNSADDR])

/** Whether the address stays on this machine or its site: private IPs, localhost, memory, unix sockets. */
export function isPrivateAddress (address: Multiaddr): boolean {
  const { host, ip } = partsOf(address)

  switch (host?.code) {
    case CODE_MEMORY:
    case CODE_UNIX:
      return true
    default:
      return isWithin(ip, PRIVATE) || isNamed(host, LOCALHOST)
  }
}

/** Whether anybody on the internet could reach the host of this address, judging by how it is written. */
export function isPublicAddress (address: Multiaddr): boolean {
  const { host, ip } = partsOf(address)

  if (isName(host)) {
    return !isNamed(host, LOCALHOST) && !isNamed(host, SPECIAL_NAMES)
  }

  if (ip == null || isWithin(ip, PRIVATE) || isWithin(ip, UNROUTABLE)) {
    return false
  }

  return ip.length === 4 || isWithin(ip, ROUTABLE_IP6)
}

/** Whether the address leads back to this machine over the network. */
export function isLoopback (address: Multiaddr): boolean {
  const { host, ip } = partsOf(address)

  return isWithin(ip, LOOPBACK) || isNamed(host, LOCALHOST)
}

/** Whether the address is valid on one link only, so that the interface would have to be known too. */
export function isLinkLocalIp6 (address: Multiaddr): boolean {
  return isWithin(partsOf(address).ip, LINK_LOCAL_IP6)
}

/** 0.0.0.0 and ::, which one can listen on but not dial. */
export function isUnspecified (address: Multiaddr): boolean {
  return isWithin(partsOf(address).ip, UNSPECIFIED)
}

/** Whether another peer stands between. */
export function isRelayed (address: Multiaddr): boolean {
  return hasProtocol(address, CODE_P2P_CIRCUIT)
}

/**
 * Whether a dial of this address takes a file descriptor; for a relayed address, whether the dial
 * of its relay does. In doubt it does; UDP shares sockets and memory has none.
 */
export function isFdConsuming (address: Multiaddr): boolean {
  const codes = beforeCircuit(address).map(({ code }) => code)

  if (codes.includes(CODE_TCP) || codes.includes(CODE_UNIX)) {
    return true
  }

  return !codes.includes(CODE_UDP) && !codes.includes(CODE_MEMORY)
}

export function hasProtocol (address: Multiaddr, ...codes: number[]): boolean {
  return partsOf(address).components.some(({ code }) => codes.includes(code))
}

/** Whether the host of this address is reached over IPv6, judging by how it is written. */
export function isIp6 (address: Multiaddr): boolean {
  const code = partsOf(address).host?.code

  return code === CODE_IP6 || code === CODE_DNS6
}

/** Whether the address begins with an IP address or a name. */
export function hasHost (address: Multiaddr): boolean {
  const { host } = partsOf(address)

  return host?.code === CODE_IP4 || host?.code === CODE_IP6 || isName(host)
}

/** The port of the first component of this protocol. */
export function portOf (address: Multiaddr, code: number): number | undefined {
  const value = partsOf(address).components.find((component) => component.code === code)?.value

  return value == null ? undefined : Number(value)
}

/** What is dialled first: all of the address, or the relay's part of it. */
export function beforeCircuit (address: Multiaddr): readonly Component[] {
  const { components } = partsOf(address)
  const circuit = components.findIndex(({ code }) => code === CODE_P2P_CIRCUIT)

  return circuit < 0 ? components : components.slice(0, circuit)
}

/** Whether `host` is `name` or within it. */
export function isWithinDomain (host: string, name: string): boolean {
  const plain = host.toLowerCase().replace(/\.$/, '')

  return plain === name || plain.endsWith(`.${name}`)
}

function isName (host: Component | undefined): boolean {
  return host != null && NAMES.has(host.code)
}

function isNamed (host: Component | undefined, names: readonly string[]): boolean {
  return isName(host) && names.some((name) => isWithinDomain(host?.value ?? '', name))
}

function isWithin (ip: Uint8Array | undefined, ranges: readonly Range[]): boolean {
  return ip != null && ranges.some(({ prefix, bits }) => prefix.length === ip.length && sharesPrefix(ip, prefix, bits))
}

function range (cidr: string): Range {
  const [ip = '', bits] = cidr.split('/')

  return { prefix: ipBytes(ip.includes(':') ? CODE_IP6 : CODE_IP4, ip), bits: Number(bits) }
}

function sharesPrefix (a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3
  const mask = 0xff << (8 - (bits & 7))

  for (let i = 0; i < whole; i++) {
    if (a[i] !== b[i]) {
      return false
    }
  }

  return (((a[whole] ?? 0) ^ (b[whole] ?? 0)) & mask & 0xff) === 0
}
