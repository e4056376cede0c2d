import { CODE_DNS, CODE_DNS4, CODE_DNS6, CODE_IP4, CODE_IP6, CODE_SNI, CODE_TCP, CODE_TLS, CODE_UDP, multiaddr } from '@multiformats/multiaddr'
import { isRelayed } from '../dial/index.ts'
import type { Component, Multiaddr } from '@multiformats/multiaddr'

/** The socket that an address names: a host, and a port of TCP or UDP. */
export interface SocketAddress {
  host: string
  isIp: boolean
  port: number
  protocol: 'tcp' | 'udp'
}

const HOSTS: ReadonlySet<number> = new Set([CODE_IP4, CODE_IP6, CODE_DNS, CODE_DNS4, CODE_DNS6])
const PORTS: ReadonlySet<number> = new Set([CODE_TCP, CODE_UDP])

/** Undefined for what is no socket of ours: memory, and addresses over a relay. */
export function socketOf (address: Multiaddr): SocketAddress | undefined {
  const components = address.getComponents()
  const host = components.find(({ code }) => HOSTS.has(code))
  const port = components.find(({ code }) => PORTS.has(code))

  if (host?.value == null || port?.value == null || isRelayed(address)) {
    return undefined
  }

  return {
    host: host.value,
    isIp: host.code === CODE_IP4 || host.code === CODE_IP6,
    port: Number(port.value),
    protocol: port.code === CODE_TCP ? 'tcp' : 'udp'
  }
}

/** What addresses of one socket have in common, whatever is spoken over it. */
export function socketKey (address: Multiaddr): string {
  const socket = socketOf(address)

  return socket == null ? address.toString() : `${socket.protocol}:${socket.host}:${socket.port}`
}

/** `address` at another IP address and port. */
export function withSocket (address: Multiaddr, ip: string, port: number): Multiaddr {
  return rebuilt(address, (component) => {
    if (component.code === CODE_IP4 || component.code === CODE_IP6) {
      return [ip.includes(':') ? { code: CODE_IP6, name: 'ip6', value: ip } : { code: CODE_IP4, name: 'ip4', value: ip }]
    }

    return [PORTS.has(component.code) ? { ...component, value: String(port) } : component]
  })
}

/** The name that TLS asks for, if the address says. */
export function serverName (address: Multiaddr): string | undefined {
  return address.getComponents().find(({ code }) => code === CODE_SNI)?.value
}

/** `address` with a name for TLS to ask for; undefined where there is no TLS, or a name already. */
export function withServerName (address: Multiaddr, name: string): Multiaddr | undefined {
  const hasTls = address.getComponents().some(({ code }) => code === CODE_TLS)

  if (!hasTls || serverName(address) != null) {
    return undefined
  }

  return rebuilt(address, (component) => component.code === CODE_TLS ? [component, { code: CODE_SNI, name: 'sni', value: name }] : [component])
}

function rebuilt (address: Multiaddr, fn: (component: Component) => Component[]): Multiaddr {
  // only these three: the bytes that a component may carry are those of its old value
  const plain = address.getComponents().map(({ code, name, value }): Component => value == null ? { code, name } : { code, name, value })

  return multiaddr(plain.flatMap(fn))
}
