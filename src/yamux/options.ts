import { systemClock } from '../base/index.ts'
import { HEADER_BYTES, INITIAL_WINDOW_BYTES, MAX_UINT32 } from './constants.ts'
import type { Clock } from '../base/index.ts'
import type { StreamOptions } from '@libp2p/interface'

/** The largest plaintext of one Noise message, which one full frame is to fill with its header. */
const NOISE_PLAINTEXT_BYTES = 65_519

const MIN_MESSAGE_BYTES = 1024

/** How a muxer behaves. Sizes in bytes, times in milliseconds. */
export interface YamuxInit {
  /** The frames of one write, less the first header: with it they fill one Noise message. @default 65507 */
  maxMessageBytes?: number
  /** A receive window grows up to here; 256 KiB at least. @default 4194304 */
  maxStreamWindowBytes?: number
  /** Windows grow only while those of all streams of a connection stay within this. @default 67108864 */
  maxConnectionWindowBytes?: number
  /** Streams opened by the peer; more are refused by RST. @default 4096 */
  maxInboundStreams?: number
  /** Streams opened by us; opening more fails. @default 4096 */
  maxOutboundStreams?: number
  /** Streams opened by the peer while nobody listens for `stream`; more are refused by RST. @default 10 */
  maxEarlyStreams?: number
  /** A ping on a connection that was silent for so long; 0 is never. @default 0 */
  keepAliveIntervalMs?: number
  /** Silence after which the connection is lost, if there is an interval. @default 45000 */
  keepAliveTimeoutMs?: number
  /** Of each stream, as `createStream` also takes them. None has a bound or a timeout by default. */
  streamOptions?: StreamOptions
  /** @default systemClock */
  clock?: Clock
}

type NumberOption = Exclude<keyof YamuxInit, 'streamOptions' | 'clock'>

export type YamuxSettings = Readonly<Record<NumberOption, number> & { streamOptions: StreamOptions, clock: Clock }>

export const YAMUX_DEFAULTS: Readonly<Record<NumberOption, number>> = Object.freeze({
  maxMessageBytes: NOISE_PLAINTEXT_BYTES - HEADER_BYTES,
  maxStreamWindowBytes: 4 * 1024 * 1024,
  maxConnectionWindowBytes: 64 * 1024 * 1024,
  maxInboundStreams: 4096,
  maxOutboundStreams: 4096,
  maxEarlyStreams: 10,
  keepAliveIntervalMs: 0,
  keepAliveTimeoutMs: 45_000
})

/** What an option may be; `Infinity` is allowed wherever it makes sense. */
const RANGE: Readonly<Record<NumberOption, readonly [min: number, max: number]>> = {
  maxMessageBytes: [MIN_MESSAGE_BYTES, MAX_UINT32],
  maxStreamWindowBytes: [INITIAL_WINDOW_BYTES, MAX_UINT32],
  maxConnectionWindowBytes: [0, Infinity],
  maxInboundStreams: [0, Infinity],
  maxOutboundStreams: [0, Infinity],
  maxEarlyStreams: [0, Infinity],
  keepAliveIntervalMs: [0, Infinity],
  keepAliveTimeoutMs: [1, Infinity]
}

/**
 * The defaults with what `init` sets over them; undefined counts as not set.
 *
 * @throws TypeError for an option that does not exist; RangeError naming the option, what it may be
 * and what it was
 */
export function resolveYamuxOptions (init: { [K in keyof YamuxInit]?: YamuxInit[K] | undefined } = {}): YamuxSettings {
  const numbers = { ...YAMUX_DEFAULTS }

  for (const name of Object.keys(init)) {
    if (!(name in YAMUX_DEFAULTS) && name !== 'streamOptions' && name !== 'clock') {
      throw new TypeError(`there is no option yamux.${name}; there are ${Object.keys(YAMUX_DEFAULTS).join(', ')}, streamOptions, clock`)
    }
  }

  for (const name of Object.keys(YAMUX_DEFAULTS) as NumberOption[]) {
    const value = init[name] ?? YAMUX_DEFAULTS[name]
    const [min, max] = RANGE[name]

    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      throw new RangeError(`yamux.${name} must be a number from ${min} to ${max}, received ${String(value)}`)
    }

    numbers[name] = value
  }

  return Object.freeze({ ...numbers, streamOptions: init.streamOptions ?? {}, clock: init.clock ?? systemClock })
}
