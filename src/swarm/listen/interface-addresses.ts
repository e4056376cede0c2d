import { networkInterfaces } from 'node:os'
import { CODE_IP4, CODE_IP6, multiaddr } from '@multiformats/multiaddr'
import { isUnspecified } from './bound-addresses.ts'
import type { Clock } from '../../base/index.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Asking the system takes long enough to not do it for every dial (go-libp2p-swarm swarm_addr.go). */
export const INTERFACE_CACHE_MS = 60_000

/** What is needed of `os.networkInterfaces()`. */
export type NetworkInterfaces = Readonly<Record<string, ReadonlyArray<{ address: string, family: string }> | undefined>>

const FAMILIES: ReadonlyMap<number, string> = new Map([[CODE_IP4, 'IPv4'], [CODE_IP6, 'IPv6']])

/**
 * The addresses under which others may dial one that we listen on. `0.0.0.0` stands for every IPv4
 * address of the interfaces, loopback among them. `::` stands for every IPv6 address but link-local
 * ones, which mean nothing without the name of an interface; as in go-libp2p it does not stand for
 * IPv4 addresses, for the transports bind it to IPv6 alone. Any other address stands for itself.
 */
export function expandUnspecified (address: Multiaddr, interfaces: NetworkInterfaces): Multiaddr[] {
  const [host, ...rest] = address.getComponents()

  if (host == null || !isUnspecified(host)) {
    return [address]
  }

  return Object.values(interfaces)
    .flatMap((entries) => entries ?? [])
    .filter(({ address, family }) => family === FAMILIES.get(host.code) && !isIp6LinkLocal(address))
    .map(({ address }) => multiaddr([{ code: host.code, name: host.name, value: address }, ...rest]))
}

/** RFC 4291 §2.5.6: fe80::/10 */
function isIp6LinkLocal (ip: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(ip)
}

/** Expands addresses by what the network interfaces of this machine were at most a minute ago. */
export class InterfaceAddresses {
  readonly #clock: Clock
  readonly #readInterfaces: () => NetworkInterfaces
  #cached: { interfaces: NetworkInterfaces, until: number } | undefined

  constructor (clock: Clock, readInterfaces: () => NetworkInterfaces = networkInterfaces) {
    this.#clock = clock
    this.#readInterfaces = readInterfaces
  }

  /** Each address once, in the order given. The array is the caller's. */
  expand (addresses: Iterable<Multiaddr>): Multiaddr[] {
    const expanded = new Map<string, Multiaddr>()

    for (const address of addresses) {
      for (const dialable of expandUnspecified(address, this.#interfaces())) {
        expanded.set(dialable.toString(), dialable)
      }
    }

    return [...expanded.values()]
  }

  /** Makes the next `expand` ask the system again. */
  invalidate (): void {
    this.#cached = undefined
  }

  #interfaces (): NetworkInterfaces {
    const now = this.#clock.now()

    if (this.#cached == null || this.#cached.until <= now) {
      this.#cached = { interfaces: this.#readInterfaces(), until: now + INTERFACE_CACHE_MS }
    }

    return this.#cached.interfaces
  }
}
