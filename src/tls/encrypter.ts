import { serviceCapabilities } from '@libp2p/interface'
import { keepFreedMemory } from '../base/index.ts'
import { TLS_PROTOCOL } from './constants.ts'
import { handshake } from './handshake.ts'
import { OwnCertificate } from './own-certificate.ts'
import type { Clock } from '../base/index.ts'
import type { ComponentLogger, ConnectionEncrypter, CounterGroup, Logger, MessageStream, Metrics, PrivateKey, SecureConnectionOptions, SecuredConnection, StreamMuxerFactory, Upgrader } from '@libp2p/interface'

export interface TlsComponents {
  /** Who we are. */
  privateKey: PrivateKey
  logger: ComponentLogger
  upgrader: Pick<Upgrader, 'getStreamMuxers'>
  metrics?: Metrics
}

type Side = 'client' | 'server'

const NO_MUXERS: ReadonlyMap<string, StreamMuxerFactory> = new Map()

/** Encrypts connections with TLS 1.3, and proves who is at either end; see `docs/tls.md`. */
export class TlsEncrypter implements ConnectionEncrypter {
  readonly protocol = TLS_PROTOCOL
  readonly [Symbol.toStringTag] = 'swarmd/tls'
  readonly [serviceCapabilities]: string[] = ['@libp2p/connection-encryption']
  /** Its upgrader may be there only later. */
  readonly #components: TlsComponents
  readonly #clock: Clock
  readonly #certificate: OwnCertificate
  readonly #log: Logger
  readonly #events: Record<Side, CounterGroup<'secure' | 'error' | 'abort'>> | undefined

  constructor (components: TlsComponents, clock: Clock) {
    const { privateKey, logger, metrics } = components

    this.#components = components
    this.#clock = clock
    keepFreedMemory()
    this.#certificate = new OwnCertificate(privateKey, clock)
    this.#log = logger.forComponent('swarmd:tls')
    this.#events = metrics == null ? undefined : { client: counter(metrics, 'client'), server: counter(metrics, 'server') }
  }

  /** @throws as `handshake` */
  async secureOutbound (connection: MessageStream, options: SecureConnectionOptions = {}): Promise<SecuredConnection> {
    return this.#secure(connection, 'client', options)
  }

  /** @throws as `handshake` */
  async secureInbound (connection: MessageStream, options: SecureConnectionOptions = {}): Promise<SecuredConnection> {
    return this.#secure(connection, 'server', options)
  }

  async #secure (stream: MessageStream, side: Side, { signal, remotePeer, skipStreamMuxerNegotiation }: SecureConnectionOptions): Promise<SecuredConnection> {
    try {
      const secured = await handshake({
        stream,
        isServer: side === 'server',
        context: await this.#certificate.context(),
        muxers: skipStreamMuxerNegotiation === true ? NO_MUXERS : this.#components.upgrader.getStreamMuxers(),
        expected: remotePeer,
        signal,
        clock: this.#clock
      })

      this.#events?.[side].increment({ secure: true })

      return secured
    } catch (thrown) {
      this.#log('the handshake failed - %e', thrown)
      this.#events?.[side].increment(signal?.aborted === true ? { abort: true } : { error: true })
      throw thrown
    }
  }
}

function counter (metrics: Metrics, side: Side): CounterGroup<'secure' | 'error' | 'abort'> {
  return metrics.registerCounterGroup(`libp2p_tls_${side}_events_total`, { label: 'event', help: `How TLS handshakes ended, on the side of the ${side}` })
}
