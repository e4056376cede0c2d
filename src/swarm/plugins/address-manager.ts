import { BoundedMap } from '../../base/index.ts'
import { withoutPeer, withPeer } from '../address/index.ts'
import { isPrivateAddress, isPublicAddress, isRelayed } from '../dial/index.ts'
import { DnsMappings, IpMappings } from './address-mappings.ts'
import { socketKey, socketOf } from './socket-address.ts'
import { confirmed, refuted, UNVERIFIED } from './verification.ts'
import type { IpMapping } from './address-mappings.ts'
import type { PluginHost } from './host.ts'
import type { Verification } from './verification.ts'
import type { AddressManager, ConfirmAddressOptions, NodeAddress } from '@libp2p/interface-internal'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Addresses that peers say they see us at; of more, the oldest that nobody has verified is forgotten. */
export const MAX_OBSERVED_ADDRESSES = 10

/** Verdicts on addresses that are kept. */
export const MAX_VERDICTS = 256

/** How long a verified address needs no other look, and a refuted one gets none. As js-libp2p. */
export const VERIFICATION_TTL_MS = 600_000
export const VERIFICATION_RETRY_MS = 300_000

export interface AddressManagerInit {
  host: Pick<PluginHost, 'peerId' | 'clock' | 'listeners' | 'configuredListenAddresses' | 'announceAddresses'>
  /** Whether a service finds out which public addresses can be dialled, as AutoNAT does. */
  hasVerifier(): boolean
  onChange(): void
}

/**
 * Our own addresses: listened on, announced, seen by others, and mapped by routers and names.
 *
 * `getAddresses` gives those that are told to others. A public address that we listen on is among them
 * at once, unless there is a service to verify it first; one that others have seen only when verified.
 */
export class PluginAddressManager implements AddressManager {
  readonly #init: AddressManagerInit
  readonly #verdicts = new BoundedMap<Verification>(MAX_VERDICTS)
  readonly #observed = new Map<string, { address: Multiaddr, verification: Verification }>()
  readonly #ipMappings = new IpMappings()
  readonly #dnsMappings = new DnsMappings()

  constructor (init: AddressManagerInit) {
    this.#init = init
  }

  get [Symbol.toStringTag] (): string {
    return '@libp2p/address-manager'
  }

  getListenAddrs (): Multiaddr[] {
    return this.#init.host.configuredListenAddresses()
  }

  getAnnounceAddrs (): Multiaddr[] {
    return this.#init.host.announceAddresses()
  }

  getObservedAddrs (): Multiaddr[] {
    return [...this.#observed.values()].map(({ address }) => address)
  }

  /** Verified addresses, each once, ending in our peer ID. */
  getAddresses (): Multiaddr[] {
    const { peerId } = this.#init.host
    const verified = this.getAddressesWithMetadata().filter(({ verified }) => verified)
    const unique = new Map(verified.map(({ multiaddr }) => [multiaddr.toString(), multiaddr]))

    return [...unique.values()].map((address) => withPeer(address, peerId))
  }

  getAddressesWithMetadata (): NodeAddress[] {
    const announced = this.#announced()

    if (announced.length > 0) {
      return announced
    }

    const own = [...this.#transportAddresses(), ...this.#observedAddresses()]

    return this.#dnsMappings.apply([...own, ...this.#ipMappings.apply(own)])
  }

  addObservedAddr (observed: Multiaddr): void {
    const address = withoutPeer(observed)

    // a private one says nothing to others; one that was refuted gets its next chance later
    if (!isPublicAddress(address) || socketOf(address)?.isIp !== true || this.#isRefuted(address)) {
      return
    }

    if (this.#ipMappings.has(address) || this.#dnsMappings.has(address) || this.#observed.has(address.toString())) {
      return
    }

    if (this.#observed.size < MAX_OBSERVED_ADDRESSES || this.#forgetUnverified()) {
      this.#observed.set(address.toString(), { address, verification: UNVERIFIED })
    }
  }

  confirmObservedAddr (observed: Multiaddr, { ttl = VERIFICATION_TTL_MS, type }: ConfirmAddressOptions = {}): void {
    const address = withoutPeer(observed)
    const verdict = confirmed(this.#now, ttl)

    if (type === 'observed' || this.#observed.has(address.toString())) {
      this.#confirmObserved(address, verdict)
    }

    this.#judge(address, verdict)
  }

  removeObservedAddr (observed: Multiaddr): void {
    const address = withoutPeer(observed)

    this.#observed.delete(address.toString())
    this.#judge(address, refuted(this.#now, VERIFICATION_RETRY_MS))
  }

  addDNSMapping (domain: string, ipAddresses: string[]): void {
    this.#dnsMappings.add(domain, ipAddresses)
    this.#init.onChange()
  }

  removeDNSMapping (domain: string): void {
    this.#dnsMappings.remove(domain)
    this.#init.onChange()
  }

  addPublicAddressMapping (internalIp: string, internalPort: number, externalIp: string, externalPort: number = internalPort, protocol: 'tcp' | 'udp' = 'tcp'): void {
    const mapping: IpMapping = { internalIp, internalPort, externalIp, externalPort, protocol }

    this.#ipMappings.add(mapping)

    for (const [key, { address }] of this.#observed) {
      const socket = socketOf(address)

      // what was observed is this mapping, which knows more
      if (socket?.host === externalIp && socket.port === externalPort && socket.protocol === protocol) {
        this.#observed.delete(key)
      }
    }

    this.#init.onChange()
  }

  removePublicAddressMapping (internalIp: string, internalPort: number, externalIp: string, externalPort: number = internalPort, protocol: 'tcp' | 'udp' = 'tcp'): void {
    this.#ipMappings.remove({ internalIp, internalPort, externalIp, externalPort, protocol })
    this.#init.onChange()
  }

  get #now (): number {
    return Math.round(this.#init.host.clock.now())
  }

  #announced (): NodeAddress[] {
    const { host } = this.#init
    const addresses = [...host.announceAddresses()]

    // transports add in place what they know only now, as the hashes of their certificates
    host.listeners().forEach((listener) => { listener.updateAnnounceAddrs(addresses) })

    return addresses.map((multiaddr) => ({ multiaddr, type: 'announce', ...confirmed(this.#now, VERIFICATION_TTL_MS) }))
  }

  #transportAddresses (): NodeAddress[] {
    return this.#init.host.listeners()
      .flatMap((listener) => listener.getAddrs())
      .map((multiaddr) => ({ multiaddr, type: 'transport', ...this.#verificationOf(multiaddr) }))
  }

  #observedAddresses (): NodeAddress[] {
    return [...this.#observed.values()].map(({ address, verification }) => ({ multiaddr: address, type: 'observed', ...verification }))
  }

  #verificationOf (address: Multiaddr): Verification {
    const verdict = this.#verdicts.get(socketKey(address))

    // only what strangers could dial needs a look from outside
    if (!isRelayed(address) && (isPrivateAddress(address) || socketOf(address) == null)) {
      return confirmed(this.#now, VERIFICATION_TTL_MS)
    }

    if (verdict != null) {
      return verdict
    }

    return isRelayed(address) || !this.#init.hasVerifier() ? { verified: true, expires: 0 } : UNVERIFIED
  }

  #confirmObserved (address: Multiaddr, verdict: Verification): void {
    const key = address.toString()

    if (this.#observed.has(key) || this.#observed.size < MAX_OBSERVED_ADDRESSES || this.#forgetUnverified()) {
      this.#observed.set(key, { address, verification: verdict })
    }
  }

  #judge (address: Multiaddr, verdict: Verification): void {
    this.#verdicts.set(socketKey(address), verdict)
    this.#ipMappings.verify(address, verdict)
    this.#dnsMappings.verify(address, verdict)
    this.#init.onChange()
  }

  #isRefuted (address: Multiaddr): boolean {
    const verdict = this.#verdicts.get(socketKey(address))

    return verdict?.verified === false && verdict.expires > this.#now
  }

  #forgetUnverified (): boolean {
    for (const [key, { verification }] of this.#observed) {
      if (!verification.verified) {
        return this.#observed.delete(key)
      }
    }

    return false
  }
}
