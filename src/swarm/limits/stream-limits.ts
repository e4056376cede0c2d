import { admit, admitAll, CountScope, KeyedScopes } from './scope.ts'
import type { Permit } from '../../base/index.ts'
import type { Direction } from '../contract/stream.ts'
import type { LimitSettings } from '../options.ts'

export interface StreamLimitsStat {
  inbound: number
  outbound: number
}

/** How many streams one connection may carry. Dispose of a permit when its stream has ended. */
export interface ConnectionStreamLimits {
  /**
   * For every stream, when it opens.
   *
   * @throws ResourceLimitError
   */
  admit(direction: Direction): Permit
  /**
   * In addition, once the protocol of the stream is known; `max` is for that protocol and direction
   * on this connection.
   *
   * @throws ResourceLimitError
   */
  admitProtocol(direction: Direction, protocol: string, max: number): Permit
  stat(): StreamLimitsStat
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
    const { maxInboundStreamsPerConnection, maxOutboundStreamsPerConnection, maxInboundStreamsPerProtocol } = this.#settings
    const onConnection = {
      inbound: new CountScope('inbound streams on one connection', maxInboundStreamsPerConnection, 'limits.maxInboundStreamsPerConnection'),
      outbound: new CountScope('outbound streams on one connection', maxOutboundStreamsPerConnection, 'limits.maxOutboundStreamsPerConnection')
    }
    const scopes = {
      inbound: [this.#total, onConnection.inbound, this.#inbound],
      outbound: [this.#total, onConnection.outbound, this.#outbound]
    }
    const protocols = { inbound: new KeyedScopes(), outbound: new KeyedScopes() }

    return {
      admit: (direction) => admitAll(scopes[direction]),

      admitProtocol: (direction, protocol, max) => admit(protocols[direction].of(protocol, {
        name: `${direction} streams of ${protocol} on one connection`,
        max,
        option: direction === 'inbound' && max === maxInboundStreamsPerProtocol
          ? 'limits.maxInboundStreamsPerProtocol'
          : PROTOCOL_OPTION[direction]
      })),

      stat: () => ({ inbound: onConnection.inbound.used, outbound: onConnection.outbound.used })
    }
  }

  stat (): StreamLimitsStat {
    return { inbound: this.#inbound.used, outbound: this.#outbound.used }
  }
}
