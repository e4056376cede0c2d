import { CodedError, Deadline } from '../../base/index.ts'
import type { PluginHost } from './host.ts'
import type { Views } from './views.ts'
import type { UpgradeOptions } from '../connection/index.ts'
import type { ClearableSignal, Connection, ConnectionEncrypter, MultiaddrConnection, StreamMuxerFactory, Upgrader } from '@libp2p/interface'

export type PluginUpgraderHost = Pick<PluginHost, 'upgrader' | 'encrypters' | 'muxers' | 'clock' | 'inboundUpgradeTimeoutMs'>

/** Our upgrader as transports know upgraders. */
export class PluginUpgrader implements Upgrader {
  readonly #host: PluginUpgraderHost
  readonly #views: Views

  constructor (host: PluginUpgraderHost, views: Views) {
    this.#host = host
    this.#views = views
  }

  get [Symbol.toStringTag] (): string {
    return '@libp2p/upgrader'
  }

  async upgradeOutbound (maConn: MultiaddrConnection, options: UpgradeOptions): Promise<Connection> {
    return this.#views.connection(await this.#host.upgrader.upgradeOutbound(maConn, options))
  }

  /** Rejects when the upgrade fails; the transport then aborts its socket. */
  async upgradeInbound (maConn: MultiaddrConnection, options: UpgradeOptions): Promise<void> {
    await this.#host.upgrader.upgradeInbound(maConn, options)
  }

  createInboundAbortSignal (signal: AbortSignal): ClearableSignal {
    const { clock, inboundUpgradeTimeoutMs: timeoutMs } = this.#host
    const deadline = new Deadline({
      clock,
      timeoutMs,
      signal,
      onTimeout: () => new CodedError('UpgradeTimeout', `the upgrade took more than ${timeoutMs} ms (connection.inboundUpgradeTimeoutMs)`)
    })

    return Object.assign(deadline.signal, {
      clear: () => { deadline[Symbol.dispose]() }
    })
  }

  getStreamMuxers (): Map<string, StreamMuxerFactory> {
    return new Map(this.#host.muxers)
  }

  getConnectionEncrypters (): Map<string, ConnectionEncrypter> {
    return new Map(this.#host.encrypters)
  }
}
