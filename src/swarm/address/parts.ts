import { CODE_IP4, CODE_IP6, CODE_IP6ZONE, registry } from '@multiformats/multiaddr'
import type { Component, Multiaddr } from '@multiformats/multiaddr'

/** IPv4 addresses written as IPv6 begin with it (RFC 4291, 2.5.5.2). */
const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff)

/** What an address is made of. */
export class AddressParts {
  readonly components: readonly Component[]
  /** Says which machine is meant; a zone may stand before an IPv6 address. */
  readonly host: Component | undefined
  #ip: Uint8Array | undefined

  constructor (components: readonly Component[]) {
    this.components = components
    this.host = components.find(({ code }) => code !== CODE_IP6ZONE)
  }

  /** Of its host: 4 bytes or 16, and 4 for an IPv4 address that is written as IPv6. */
  get ip (): Uint8Array | undefined {
    const { host } = this

    if ((host?.code !== CODE_IP4 && host?.code !== CODE_IP6) || host.value == null) {
      return undefined
    }

    this.#ip ??= unmapped(ipBytes(host.code, host.value))

    return this.#ip
  }
}

let latest: { address: Multiaddr, parts: AddressParts } | undefined

/**
 * Those of `address`. It hands out copies, and whoever dials asks thirty things of it in a row: so what was made of the
 * latest address is kept.
 */
export function partsOf (address: Multiaddr): AddressParts {
  if (latest?.address !== address) {
    latest = { address, parts: new AddressParts(address.getComponents()) }
  }

  return latest.parts
}

/** The bytes of an IP address as text; none, where it is no such thing. */
export function ipBytes (code: number, text: string): Uint8Array {
  return registry.getProtocol(code).valueToBytes?.(text) ?? new Uint8Array()
}

function unmapped (ip: Uint8Array): Uint8Array {
  return ip.length > MAPPED_PREFIX.length && MAPPED_PREFIX.every((byte, i) => byte === ip[i]) ? ip.subarray(MAPPED_PREFIX.length) : ip
}
