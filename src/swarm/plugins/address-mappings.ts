import { isPrivateAddress } from '../dial/index.ts'
import { serverName, socketOf, withServerName, withSocket } from './socket-address.ts'
import { UNVERIFIED } from './verification.ts'
import type { Verification } from './verification.ts'
import type { NodeAddress } from '@libp2p/interface-internal'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Mappings of one kind; more are ignored. */
export const MAX_MAPPINGS = 64

/** One of our sockets, and where a router forwards to it from. */
export interface IpMapping {
  internalIp: string
  internalPort: number
  externalIp: string
  externalPort: number
  protocol: 'tcp' | 'udp'
}

/** Addresses at which a router forwards to us. */
export class IpMappings {
  #mappings: Array<IpMapping & { verification: Verification }> = []

  add (mapping: IpMapping): void {
    if (this.#mappings.length < MAX_MAPPINGS && !this.#mappings.some((other) => isSame(other, mapping))) {
      this.#mappings.push({ ...mapping, verification: UNVERIFIED })
    }
  }

  remove (mapping: IpMapping): void {
    this.#mappings = this.#mappings.filter((other) => !isSame(other, mapping))
  }

  /** Whether a router forwards from the host of this address. */
  has (address: Multiaddr): boolean {
    const socket = socketOf(address)

    return this.#mappings.some(({ externalIp }) => externalIp === socket?.host)
  }

  verify (address: Multiaddr, verification: Verification): void {
    const socket = socketOf(address)

    for (const mapping of this.#mappings) {
      if (mapping.externalIp === socket?.host && mapping.externalPort === socket.port && mapping.protocol === socket.protocol) {
        mapping.verification = verification
      }
    }
  }

  /** The external form of those of `addresses` that are mapped. */
  apply (addresses: readonly NodeAddress[]): NodeAddress[] {
    return addresses.flatMap(({ multiaddr }) => {
      const socket = socketOf(multiaddr)

      return this.#mappings
        .filter(({ internalIp, internalPort, protocol }) => internalIp === socket?.host && internalPort === socket.port && protocol === socket.protocol)
        .map(({ externalIp, externalPort, verification }): NodeAddress => ({
          multiaddr: withSocket(multiaddr, externalIp, externalPort),
          type: 'ip-mapping',
          ...verification
        }))
    })
  }
}

function isSame (a: IpMapping, b: IpMapping): boolean {
  return a.internalIp === b.internalIp && a.internalPort === b.internalPort && a.externalIp === b.externalIp && a.externalPort === b.externalPort && a.protocol === b.protocol
}

interface DnsMapping {
  ip: string
  domain: string
  verification: Verification
}

/** Names that stand for our IP addresses, by which TLS knows our certificate. */
export class DnsMappings {
  #mappings: DnsMapping[] = []

  add (domain: string, ips: string[]): void {
    for (const ip of ips) {
      this.#mappings = this.#mappings.filter((other) => other.ip !== ip)

      if (this.#mappings.length < MAX_MAPPINGS) {
        this.#mappings.push({ ip, domain, verification: UNVERIFIED })
      }
    }
  }

  remove (domain: string): void {
    this.#mappings = this.#mappings.filter((mapping) => mapping.domain !== domain)
  }

  has (address: Multiaddr): boolean {
    const name = nameIn(address)

    return this.#mappings.some(({ domain }) => domain === name)
  }

  verify (address: Multiaddr, verification: Verification): void {
    const name = nameIn(address)

    for (const mapping of this.#mappings) {
      if (mapping.domain === name) {
        mapping.verification = verification
      }
    }
  }

  /** `addresses`, with the name in those that have TLS at a mapped IP address. */
  apply (addresses: readonly NodeAddress[]): NodeAddress[] {
    return addresses.map((address) => {
      const host = socketOf(address.multiaddr)?.host
      const mapping = this.#mappings.find(({ ip }) => ip === host)
      const named = mapping == null ? undefined : withServerName(address.multiaddr, mapping.domain)

      if (mapping == null || named == null) {
        return address
      }

      // nobody outside can verify an address of our own network
      const isVerified = isPrivateAddress(address.multiaddr)

      return { multiaddr: named, type: 'dns-mapping', ...(isVerified ? { verified: true, expires: address.expires } : mapping.verification) }
    })
  }
}

function nameIn (address: Multiaddr): string | undefined {
  return serverName(address) ?? socketOf(address)?.host
}
