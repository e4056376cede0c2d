import { CodedError, systemClock } from '../base/index.ts'
import { CONNECTION_DEFAULTS } from './contract/index.ts'
import { resolveSessionLimits } from './session/index.ts'
import type { Clock } from '../base/index.ts'
import type { ChannelTransport, Codec, ConnectionOptions, SessionInit, SessionLimits } from './contract/index.ts'

/** Beyond that, a time is a mistake, unless it is `Infinity`. */
const RANGE: Readonly<Record<keyof ConnectionOptions, readonly [min: number, max: number]>> = {
  handshakeTimeoutMs: [1, Infinity],
  keepAliveIntervalMs: [0, Infinity],
  keepAliveTimeoutMs: [1, Infinity]
}

type Init = SessionInit & { [K in keyof ConnectionOptions]?: ConnectionOptions[K] | undefined }

export interface ResolvedOptions extends ConnectionOptions {
  readonly limits: SessionLimits
  readonly clock: Clock
}

/**
 * The options that all transports share, complete; undefined counts as not set.
 *
 * @throws RangeError naming the option, what it may be and what it was
 */
export function resolveConnection (init: Init): ResolvedOptions {
  const resolved = { ...CONNECTION_DEFAULTS }

  for (const name of Object.keys(CONNECTION_DEFAULTS) as Array<keyof ConnectionOptions>) {
    const value = init[name] ?? CONNECTION_DEFAULTS[name]
    const [min, max] = RANGE[name]

    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      throw new RangeError(`${name} must be a number of milliseconds, ${min} or more, received ${String(value)}`)
    }

    resolved[name] = value
  }

  return { ...resolved, limits: resolveSessionLimits(init.limits), clock: init.clock ?? systemClock }
}

/**
 * Asked before anything is connected or listened on.
 *
 * @throws CodedError UnsupportedCodec; spec-channel 11.3
 */
export function assertCarries ({ framing, schemes }: ChannelTransport, codec: Codec | undefined): void {
  if (framing === 'values' && codec != null && codec.createScanner == null) {
    throw new CodedError('UnsupportedCodec', `messages in ${codec.name} do not delimit themselves, as ${schemes.join(' and ')} need: use msgpack`)
  }
}
