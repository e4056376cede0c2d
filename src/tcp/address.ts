import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { CODE_DNS, CODE_DNS4, CODE_DNS6, CODE_DNSADDR, CODE_IP4, CODE_IP6, CODE_IP6ZONE, CODE_IPCIDR, CODE_P2P, CODE_TCP, CODE_UNIX, multiaddr } from '@multiformats/multiaddr'
import { CodedError } from '../base/index.ts'
import type { Component, Multiaddr } from '@multiformats/multiaddr'
import type { Socket } from 'node:net'

/** What an address means to `node:net`. */
export type Endpoint = IpEndpoint | UnixEndpoint

export interface IpEndpoint {
  host: string
  port: number
  /** Of the name to look up; 0 is any. */
  family: 0 | 4 | 6
  /** Whether to listen on IPv6 without taking the port of IPv4. */
  ipv6Only: boolean
}

export interface UnixEndpoint {
  path: string
}

const FAMILY: ReadonlyMap<number, 0 | 4 | 6> = new Map([[CODE_IP4, 4], [CODE_IP6, 6], [CODE_DNS, 0], [CODE_DNSADDR, 0], [CODE_DNS4, 4], [CODE_DNS6, 6]])
const UNSPECIFIED: ReadonlySet<string | undefined> = new Set(['0.0.0.0', '::'])

/** What a server puts before an IPv4 address that came in over IPv6. */
const MAPPED = /^::ffff:(?=\d+\.)/i

/** Addresses that only mean something together with an interface: RFC 3927, RFC 4291 section 2.5.6. */
const LINK_LOCAL = /^(?:169\.254\.|fe[89ab])/i

interface Parts {
  zone: string | undefined
  host: Component
  port: number
}

/** Whether this transport dials and listens on it: `/ip4/…/tcp/…`, with a name instead of an IP, with a peer, `/unix/…`. */
export function isTcpAddress (address: Multiaddr): boolean {
  const components = address.getComponents()

  return unixPath(components) != null || split(components) != null
}

/** @throws CodedError AddressUnusable */
export function endpointOf (address: Multiaddr): Endpoint {
  const components = address.getComponents()
  const path = unixPath(components)

  if (path != null) {
    return { path: process.platform === 'win32' ? join('\\\\.\\pipe\\', path) : path }
  }

  const { zone, host, port } = split(components) ?? unusable(address)
  const zoneSuffix = zone == null ? '' : `%${zone}`

  return {
    host: `${host.value ?? ''}${zoneSuffix}`,
    port,
    family: FAMILY.get(host.code) ?? 0,
    ipv6Only: host.code === CODE_IP6
  }
}

/** Who is at the other end of a socket; undefined when it has gone already. */
export function remoteAddressOf ({ remoteAddress, remotePort }: Socket): Multiaddr | undefined {
  return remoteAddress == null || remotePort == null ? undefined : ipAddress(remoteAddress, remotePort)
}

/** Where a listener on `requested` can be dialled, now that its port is known. */
export function dialableAddresses (requested: Multiaddr, port: number): Multiaddr[] {
  const { zone, host } = split(requested.getComponents()) ?? unusable(requested)

  if (UNSPECIFIED.has(host.value)) {
    return interfaceHosts(host.code === CODE_IP4 ? 'IPv4' : 'IPv6').map((address) => ipAddress(address, port))
  }

  const before = zone == null ? '' : `/ip6zone/${zone}`

  return [multiaddr(`${before}/${host.name}/${host.value ?? ''}/tcp/${port}`)]
}

function interfaceHosts (family: string): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])

  return all.filter((info) => info.family === family && !LINK_LOCAL.test(info.address)).map(({ address }) => address)
}

function ipAddress (text: string, port: number): Multiaddr {
  const [host = '', zone] = text.replace(MAPPED, '').split('%')
  const before = zone == null ? '' : `/ip6zone/${zone}`

  return multiaddr(`${before}/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/${port}`)
}

function unixPath ([first, ...rest]: Component[]): string | undefined {
  return first?.code === CODE_UNIX && rest.every(({ code }) => code === CODE_P2P) ? first.value : undefined
}

/** The parts of an address of TCP, and nothing above that but a peer. */
function split (components: Component[]): Parts | undefined {
  const rest = [...components]
  const take = (code: number): Component | undefined => rest[0]?.code === code ? rest.shift() : undefined
  const zone = take(CODE_IP6ZONE)
  const host = rest.shift()

  if (host == null || !FAMILY.has(host.code) || (zone != null && host.code !== CODE_IP6)) {
    return undefined
  }

  take(CODE_IPCIDR)

  const port = take(CODE_TCP)

  take(CODE_P2P)

  return port == null || rest.length > 0 ? undefined : { zone: zone?.value, host, port: Number(port.value) }
}

function unusable (address: Multiaddr): never {
  throw new CodedError('AddressUnusable', `wanted an address of TCP or of a unix socket, received ${address.toString()}`)
}
