import { busyPoll as ownBusyPoll, systemClock } from '../base/index.ts'
import type { BusyPoll, Clock } from '../base/index.ts'

/** Of each socket; see Node's `net.createConnection`. */
export interface TcpSocketOptions {
  /** Whether small writes leave at once, rather than wait for more. @default true */
  noDelay?: boolean
  /** Whether the operating system probes silent connections. @default true */
  keepAlive?: boolean
  /** Milliseconds of silence before the first probe; 0 is what the operating system does. @default 0 */
  keepAliveInitialDelay?: number
}

/** Stops accepting when there are many connections, and begins again when there are few. */
export interface CloseServerOnMaxConnections {
  /** Listens again when there are fewer than so many. */
  listenBelow: number
  /** Listens no more when there are so many. */
  closeAbove: number
  /** It could not listen again. The next connection that ends tries once more. */
  onListenError? (error: Error): void
}

/** How the transport behaves, by the names of `@libp2p/tcp`. Times in milliseconds. */
export interface TcpInit {
  /** Silence after which an accepted connection is aborted; 0 and `Infinity` are never. @default 120000 */
  inboundSocketInactivityTimeout?: number
  /** Silence after which a dialled connection is aborted; 0 and `Infinity` are never. @default 120000 */
  outboundSocketInactivityTimeout?: number
  /** Connections of one listener; more are hung up on. No bound by default. */
  maxConnections?: number
  /** Connections that wait to be accepted; the operating system has its own bound too. @default 511 */
  backlog?: number
  closeServerOnMaxConnections?: CloseServerOnMaxConnections
  /** Of sockets that we dial. */
  dialOpts?: TcpSocketOptions
  /** Of sockets that we accept. */
  listenOpts?: TcpSocketOptions
  /**
   * Whether the event loop stays awake for answers while they come within microseconds, as from a process of the same machine; then a
   * request takes a fraction of the time. See docs/limits.md for when it does, and how long at most. @default true
   */
  busyPoll?: boolean
  /** @default systemClock */
  clock?: Clock
}

type NumberOption = 'inboundSocketInactivityTimeout' | 'outboundSocketInactivityTimeout' | 'maxConnections' | 'backlog'

export type TcpSettings = Readonly<Record<NumberOption, number> & {
  closeServerOnMaxConnections: CloseServerOnMaxConnections | undefined
  dialOpts: Required<TcpSocketOptions>
  listenOpts: Required<TcpSocketOptions>
  /** Undefined where nothing is polled. */
  poll: BusyPoll | undefined
  clock: Clock
}>

export const TCP_DEFAULTS: Readonly<Record<NumberOption, number>> = Object.freeze({
  inboundSocketInactivityTimeout: 120_000,
  outboundSocketInactivityTimeout: 120_000,
  maxConnections: Infinity,
  backlog: 511
})

export const SOCKET_DEFAULTS: Readonly<Required<TcpSocketOptions>> = Object.freeze({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 0 })
const OTHER_OPTIONS: readonly string[] = ['closeServerOnMaxConnections', 'dialOpts', 'listenOpts', 'busyPoll', 'clock']

/**
 * The defaults with what `init` sets over them; undefined counts as not set.
 *
 * @throws TypeError for an option that does not exist; RangeError for a value that makes no sense
 */
export function resolveTcpOptions (init: TcpInit = {}): TcpSettings {
  for (const name of Object.keys(init)) {
    if (!(name in TCP_DEFAULTS) && !OTHER_OPTIONS.includes(name)) {
      throw new TypeError(`there is no option tcp.${name}; there are ${[...Object.keys(TCP_DEFAULTS), ...OTHER_OPTIONS].join(', ')}`)
    }
  }

  const numbers = { ...TCP_DEFAULTS }

  for (const name of Object.keys(TCP_DEFAULTS) as NumberOption[]) {
    const value = init[name] ?? TCP_DEFAULTS[name]

    if (typeof value !== 'number' || !(value >= 0)) {
      throw new RangeError(`tcp.${name} must be a number of 0 or more, received ${String(value)}`)
    }

    numbers[name] = value
  }

  const { closeServerOnMaxConnections, dialOpts, listenOpts, busyPoll = true, clock = systemClock } = init

  if (closeServerOnMaxConnections != null && !(closeServerOnMaxConnections.closeAbove >= closeServerOnMaxConnections.listenBelow)) {
    const { listenBelow, closeAbove } = closeServerOnMaxConnections

    throw new RangeError(`tcp.closeServerOnMaxConnections.closeAbove must be at least listenBelow, received ${closeAbove} and ${listenBelow}`)
  }

  return Object.freeze({ ...numbers, closeServerOnMaxConnections, dialOpts: socketOptions(dialOpts), listenOpts: socketOptions(listenOpts), poll: busyPoll ? ownBusyPoll : undefined, clock })
}

/** What of `options` is about sockets, over `defaults`. */
export function socketOptions (options: TcpSocketOptions = {}, defaults: Required<TcpSocketOptions> = SOCKET_DEFAULTS): Required<TcpSocketOptions> {
  return {
    noDelay: options.noDelay ?? defaults.noDelay,
    keepAlive: options.keepAlive ?? defaults.keepAlive,
    keepAliveInitialDelay: options.keepAliveInitialDelay ?? defaults.keepAliveInitialDelay
  }
}
