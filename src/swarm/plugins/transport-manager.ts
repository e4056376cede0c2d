import { CodedError } from '../../base/index.ts'
import { tellProgress } from './progress.ts'
import type { PluginHost } from './host.ts'
import type { Connection, DialTransportOptions, Listener, Transport, Upgrader } from '@libp2p/interface'
import type { TransportManager, TransportManagerDialOptions } from '@libp2p/interface-internal'
import type { Multiaddr } from '@multiformats/multiaddr'

export type TransportManagerHost = Pick<PluginHost, 'transports' | 'addTransport' | 'removeTransport' | 'transportForDialing' | 'transportForListening' | 'listeners' | 'listen'>

/** Our transports and listeners as js-libp2p's transport manager. */
export class PluginTransportManager implements TransportManager {
  readonly #host: TransportManagerHost
  readonly #upgrader: Upgrader

  constructor (host: TransportManagerHost, upgrader: Upgrader) {
    this.#host = host
    this.#upgrader = upgrader
  }

  get [Symbol.toStringTag] (): string {
    return '@libp2p/transport-manager'
  }

  add (transport: Transport): void {
    this.#host.addTransport(transport)
  }

  /**
   * Dials one address without backoff, ranking or limits on dials; the connection counts as any other.
   *
   * @throws CodedError NoTransport, and what the transport throws
   */
  async dial (address: Multiaddr, options: TransportManagerDialOptions = {}): Promise<Connection> {
    const transport = this.#host.transportForDialing(address)

    if (transport == null) {
      throw new CodedError('NoTransport', `no transport for ${address.toString()}`)
    }

    tellProgress(options, 'transport-manager:selected-transport', transport[Symbol.toStringTag])

    // transports write into their options, and want a signal in any case
    const { signal = new AbortController().signal, ...rest } = options

    return transport.dial(address, { ...rest, signal, upgrader: this.#upgrader } as DialTransportOptions)
  }

  getAddrs (): Multiaddr[] {
    return this.#host.listeners().flatMap((listener) => listener.getAddrs())
  }

  getTransports (): Transport[] {
    return this.#host.transports()
  }

  getListeners (): Listener[] {
    return this.#host.listeners()
  }

  dialTransportForMultiaddr (address: Multiaddr): Transport | undefined {
    return this.#host.transportForDialing(address)
  }

  listenTransportForMultiaddr (address: Multiaddr): Transport | undefined {
    return this.#host.transportForListening(address)
  }

  async listen (addresses: Multiaddr[]): Promise<void> {
    if (addresses.length > 0) {
      await this.#host.listen(addresses)
    }
  }

  /** @param key - the transport's `Symbol.toStringTag` */
  async remove (key: string): Promise<void> {
    await Promise.all(this.#host.transports()
      .filter((transport) => transport[Symbol.toStringTag] === key)
      .map((transport) => this.#host.removeTransport(transport)))
  }

  async removeAll (): Promise<void> {
    await Promise.all(this.#host.transports().map((transport) => this.#host.removeTransport(transport)))
  }
}
