import type { Session, SessionInit } from '../../channel/index.ts'

/** Of the two sides of a pair. */
export interface SessionPairOptions {
  /** Of the side that connects. */
  near?: SessionInit | undefined
  /** Of the side that listens. */
  far?: SessionInit | undefined
}

/** Two sessions that are connected with each other, and with nobody else. */
export interface SessionPair extends AsyncDisposable {
  /** That of the side that connected. */
  readonly near: Session
  readonly far: Session

  /**
   * Breaks the connection beneath the sessions, which neither of them asked for. `reset` ends it at once;
   * `end` as if the other side had ended it in order, where the transport knows such a thing: what looks
   * like an end beneath must not look like one above.
   */
  cut(how: 'reset' | 'end'): void | Promise<void>
}

/**
 * Connects two sessions. Where a side has a `clock`, the time of that side moves in leaps: it must not
 * take silence for loss then.
 */
export type ChannelSetup = (options: Required<SessionPairOptions>) => Promise<SessionPair>

/** What is to be had of a test runner; vitest, jest, mocha and node:test have it. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown
  it(name: string, body: () => Promise<void>, timeoutMs?: number): unknown
}

/** How much the large cases do. */
export interface ComplianceSizes {
  /** Messages through one channel. @default 100000 */
  messages: number
  /** Through one byte stream. @default 1073741824 */
  bytes: number
  /** Nested channels, one after the other. @default 10000 */
  channels: number
}

/** The numbers of the promise. A run that is to be short takes smaller ones. */
export const COMPLIANCE_DEFAULTS: Readonly<ComplianceSizes> = Object.freeze({
  messages: 100_000,
  bytes: 1024 * 1024 * 1024,
  channels: 10_000
})

/** What may lie between a sender and a receiver that does not keep up, in bytes. */
export const BOUND_DEFAULTS = Object.freeze({
  stalledBytes: 1_048_576,
  slowBytes: 8_388_608
})

/** What the sessions can do. A transport that cannot do one of these says so, and is not asked. */
export interface ChannelCapabilities {
  /** Channel ends return to their origin; spec-channel 9. @default true */
  returns: boolean
  /** Messages are records, so that they can be of any codec; spec-channel 4. @default true */
  codecs: boolean
  /** The reset of a byte stream carries a code; spec-channel 7.3. @default true */
  resetCodes: boolean
  /** Sessions take a clock. @default true */
  clock: boolean
  /** There are the streams of Node. @default true */
  nodeStreams: boolean
}

export const ALL_CAPABILITIES: Readonly<ChannelCapabilities> = Object.freeze({
  returns: true,
  codecs: true,
  resetCodes: true,
  clock: true,
  nodeStreams: true
})

/** Looks at the memory of the process. */
export interface MemoryGauge {
  /** Frees what can be freed. */
  collect(): void | Promise<void>
  usedBytes(): number
}

export interface ChannelComplianceInit extends TestRunner {
  sizes?: Partial<ComplianceSizes> | undefined
  capabilities?: Partial<ChannelCapabilities> | undefined
  /**
   * What may lie on the way to a receiver that never read anything, all buffers of the transport included;
   * 1 MiB unless given.
   */
  stalledBytes?: number | undefined
  /** The same for a receiver that is slow: windows may have grown; 8 MiB unless given. */
  slowBytes?: number | undefined
  /** Without one, growth is not looked at. */
  memory?: MemoryGauge | undefined
}
