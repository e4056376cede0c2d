import { admit, admitAll, CountScope, KeyedScopes } from './scope.ts'
import type { Permit } from '../../base/index.ts'
import type { Direction } from '../contract/stream.ts'
import type { LimitSettings } from '../options.ts'

export interface StreamLimitsStat {
  inbound: number
  outbound: number
}

const PROTOCOL_OPTION: Readonly<Record<Direction, string>> = {
  inbound: 'maxInboundStreams of handle',
  outbound: 'maxOutboundStreams of handle'
}

/** How many streams all connections together may carry. */
export class StreamLimits {
  readonly #settings: LimitSettings
  readonly #total: CountScope
  // these two only count: what bounds them is the total
  readonly #inbound = new CountScope('inbound streams', Infinity, 'limits.maxStreams')
  readonly #outbound = new CountScope('outbound streams', Infinity, 'limits.maxStreams')

  constructor (settings: LimitSettings) {
    this.#settings = settings
    this.#total = new CountScope('streams', settings.maxStreams, 'limits.maxStreams')
  }

  /** The counts of one connection. They need no end: they are gone with its streams. */
  forConnection (): ConnectionStreamLimits {
    return new ConnectionStreamLimits(this.#settings, { total: this.#total, inbound: this.#inbound, outbound: this.#outbound })
  }

  stat (): StreamLimitsStat {
    return { inbound: this.#inbound.used, outbound: this.#outbound.used }
  }
}

/**
 * How many streams one connection may carry. Dispose of a permit when its stream has ended. A class for the reason that `Sink`
 * of `message-stream` is one.
 */
export class ConnectionStreamLimits {
  readonly #settings: LimitSettings
  /** Ours, and those of all connections. */
  readonly #scopes: Record<Direction, CountScope[]>
  readonly #inbound: CountScope
  readonly #outbound: CountScope
  readonly #inboundProtocols = new KeyedScopes()
  readonly #outboundProtocols = new KeyedScopes()

  constructor (settings: LimitSettings, shared: Readonly<Record<Direction | 'total', CountScope>>) {
    this.#settings = settings
    this.#inbound = new CountScope('inbound streams on one connection', settings.maxInboundStreamsPerConnection, 'limits.maxInboundStreamsPerConnection')
    this.#outbound = new CountScope('outbound streams on one connection', settings.maxOutboundStreamsPerConnection, 'limits.maxOutboundStreamsPerConnection')
    this.#scopes = { inbound: [shared.total, this.#inbound, shared.inbound], outbound: [shared.total, this.#outbound, shared.outbound] }
  }

  /**
   * For every stream, when it opens.
   *
   * @throws ResourceLimitError
   */
  admit (direction: Direction): Permit {
    return admitAll(this.#scopes[direction])
  }

  /**
   * In addition, once the protocol of the stream is known; `max` is for that protocol and direction
   * on this connection.
   *
   * @throws ResourceLimitError
   */
  admitProtocol (direction: Direction, protocol: string, max: number): Permit {
    const counts = direction === 'inbound' ? this.#inboundProtocols : this.#outboundProtocols

    return admit(counts.of(protocol, {
      name: `${direction} streams of ${protocol} on one connection`,
      max,
      option: direction === 'inbound' && max === this.#settings.maxInboundStreamsPerProtocol
        ? 'limits.maxInboundStreamsPerProtocol'
        : PROTOCOL_OPTION[direction]
    }))
  }

  stat (): StreamLimitsStat {
    return { inbound: this.#inbound.used, outbound: this.#outbound.used }
  }
}
