import { serviceCapabilities, transportSymbol } from '@libp2p/interface'
import { toError } from '../base/index.ts'
import { endpointOf, isTcpAddress } from './address.ts'
import { connect } from './connect.ts'
import { connectionLog } from './connection-log.ts'
import { TcpConnection } from './connection.ts'
import { TcpListener } from './listener.ts'
import { dialerMetrics } from './metrics.ts'
import { socketOptions } from './options.ts'
import type { DialerMetrics } from './metrics.ts'
import type { TcpSettings, TcpSocketOptions } from './options.ts'
import type { ComponentLogger, Connection, CreateListenerOptions, DialTransportOptions, Logger, Metrics, OutboundConnectionUpgradeEvents, Transport } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Socket } from 'node:net'

export interface TcpComponents {
  logger: ComponentLogger
  metrics?: Metrics
}

/** The progress of a dial: a socket is about to be opened. */
export type TcpDialEvents = OutboundConnectionUpgradeEvents | OpenConnectionEvent

export type TcpDialOptions = DialTransportOptions<TcpDialEvents> & TcpSocketOptions

export type TcpListenOptions = CreateListenerOptions & TcpSocketOptions

class OpenConnectionEvent extends Event {
  declare readonly type: 'tcp:open-connection'
  readonly detail = undefined

  constructor () {
    super('tcp:open-connection')
  }
}

/** Dials and listens over TCP and unix sockets. */
export class TcpTransport implements Transport<TcpDialEvents> {
  readonly [transportSymbol] = true
  readonly [Symbol.toStringTag] = 'swarmd/tcp'
  readonly [serviceCapabilities]: string[] = ['@libp2p/transport']
  readonly #components: TcpComponents
  readonly #settings: TcpSettings
  readonly #metrics: DialerMetrics | undefined
  readonly #log: Logger
  #connectionLog: Logger | undefined

  constructor (components: TcpComponents, settings: TcpSettings) {
    this.#components = components
    this.#settings = settings
    this.#metrics = dialerMetrics(components.metrics)
    this.#log = components.logger.forComponent('swarmd:tcp')
  }

  /**
   * Connects and upgrades.
   *
   * @throws what the operating system says, with its `code`; the signal's reason; what the upgrader throws
   */
  async dial (address: Multiaddr, options: TcpDialOptions): Promise<Connection> {
    const socket = await this.#connect(address, options)

    this.#connectionLog ??= connectionLog(this.#log)

    const connection = new TcpConnection({
      socket,
      direction: 'outbound',
      remoteAddr: address,
      inactivityTimeout: this.#settings.outboundSocketInactivityTimeout,
      clock: this.#settings.clock,
      poll: this.#settings.poll,
      log: this.#connectionLog
    })

    try {
      return await options.upgrader.upgradeOutbound(connection, options)
    } catch (thrown) {
      this.#metrics?.errors.increment({ outbound_upgrade: true })
      this.#log.error('the upgrade of a connection to %a failed - %e', address, thrown)
      connection.abort(toError(thrown))
      throw thrown
    }
  }

  createListener (options: TcpListenOptions): TcpListener {
    const { logger, metrics } = this.#components

    return new TcpListener({
      upgrader: options.upgrader,
      settings: this.#settings,
      socketOptions: socketOptions(options, this.#settings.listenOpts),
      log: logger.forComponent('swarmd:tcp:listener'),
      metrics
    })
  }

  dialFilter (addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter(isTcpAddress)
  }

  listenFilter (addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter(isTcpAddress)
  }

  async #connect (address: Multiaddr, options: TcpDialOptions): Promise<Socket> {
    options.signal.throwIfAborted()
    options.onProgress?.(new OpenConnectionEvent())

    try {
      const socket = await connect(endpointOf(address), socketOptions(options, this.#settings.dialOpts), options.signal)

      this.#metrics?.events.increment({ connect: true })

      return socket
    } catch (thrown) {
      this.#metrics?.events.increment(options.signal.aborted ? { abort: true } : { error: true })
      throw thrown
    }
  }
}
