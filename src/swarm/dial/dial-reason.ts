import type { ErrorCode } from '../../base/index.ts'

/** What was going on when the dial of an address died. `gate` is our own refusal, before anything was tried. */
export type DialPhase = 'resolve' | 'gate' | 'limit' | 'connect' | 'protect' | 'encrypt' | 'mux' | 'negotiate'

/** In the order in which a dial goes through them. */
export const DIAL_PHASES: readonly DialPhase[] = ['resolve', 'gate', 'limit', 'connect', 'protect', 'encrypt', 'mux', 'negotiate']

/** A reason may quote what the other side sent: it is cut, so that errors and logs stay bounded. */
const MAX_REASON_CHARS = 240

/** Errors looked at beneath one error. */
const MAX_CAUSES = 256

/** What each of our codes means, in the words of go-libp2p-swarm where it has some. */
const HEADLINES: Readonly<Partial<Record<ErrorCode, string>>> = {
  AllDialsFailed: 'all dials failed',
  DialBackoff: 'dial backoff',
  DialTimeout: 'dial timed out',
  DialToSelf: 'dial to self attempted',
  NoAddresses: 'no addresses',
  NoGoodAddresses: 'no good addresses',
  NoTransport: 'no transport for protocol',
  AddressUnusable: 'address filtered',
  BlackHole: 'dial refused because of black hole',
  Gated: 'gater disallows connection to peer',
  TooManyDialAttempts: 'max dial attempts exceeded',
  NoConnection: 'no usable connection to peer',
  ResolveFailed: 'the name does not resolve',
  ConnectFailed: 'the connection failed',
  UpgradeFailed: 'the connection could not be upgraded',
  UpgradeTimeout: 'the upgrade of the connection timed out',
  UnexpectedPeer: 'another peer answered',
  ConnectionClosed: 'connection closed',
  LimitedConnection: 'limited connection to peer',
  ResourceLimit: 'resource limit exceeded',
  SwarmClosed: 'swarm closed'
}

/** What the system's error codes mean for somebody who dials. */
const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ECONNRESET: 'connection reset: the other side hung up',
  ECONNABORTED: 'connection aborted: the other side hung up',
  EPIPE: 'connection reset: the other side hung up',
  ETIMEDOUT: 'timed out: nobody answers there',
  EHOSTUNREACH: 'host unreachable: no machine answers at this address',
  EHOSTDOWN: 'host down: no machine answers at this address',
  ENETUNREACH: 'network unreachable: this machine has no route there',
  ENETDOWN: 'network down: this machine is offline',
  EADDRNOTAVAIL: 'address not available: this machine cannot dial from or to it',
  EMFILE: 'this process has no file descriptor left',
  ENFILE: 'this machine has no file descriptor left',
  EACCES: 'permission denied by this machine',
  EPERM: 'not permitted by this machine',
  ENOENT: 'there is no such socket file',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name server does not answer',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the other side does not speak TLS',
  CERT_HAS_EXPIRED: 'the certificate of the other side has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the other side is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the other side is signed by itself'
}

export interface Sort {
  code?: ErrorCode
  phase?: DialPhase
}

/** What errors of Node and of libp2p plugins say about where a dial died, by `name` or by `code`. */
const SORTS: Readonly<Record<string, Sort>> = {
  UnexpectedPeerError: { code: 'UnexpectedPeer', phase: 'encrypt' },
  EncryptionFailedError: { code: 'UpgradeFailed', phase: 'encrypt' },
  InvalidCryptoExchangeError: { code: 'UpgradeFailed', phase: 'encrypt' },
  MuxerUnavailableError: { code: 'UpgradeFailed', phase: 'mux' },
  TimeoutError: { code: 'DialTimeout' },
  ENOTFOUND: { code: 'ResolveFailed', phase: 'resolve' },
  EAI_AGAIN: { code: 'ResolveFailed', phase: 'resolve' }
}

/** What the code says by itself. */
export function headlineFor (code: ErrorCode): string {
  return HEADLINES[code] ?? code
}

/** Why one address failed, in a sentence for a person. */
export function explain (code: ErrorCode, phase: DialPhase, cause: unknown): string {
  const system = lookUp(cause, SYSTEM_REASONS)

  if (system != null) {
    return system
  }

  const detail = textOf(cause)

  if (phase === 'encrypt' && code === 'UpgradeFailed') {
    return `the handshake failed, so the other side may not speak libp2p${detail === '' ? '' : `: ${detail}`}`
  }

  return detail === '' ? headlineFor(code) : detail
}

function textOf (cause: unknown): string {
  if (cause instanceof Error) {
    return cause.message
  }

  return cause == null ? '' : String(cause)
}

/** Says when an address in backoff may be dialled: relative to `now` if it is known, else as a date. */
export function backoffReason (retryAt: number, now: number | undefined): string {
  return now == null ? `in backoff until ${isoTime(retryAt)}` : `in backoff, retry in ${Math.max(0, Math.ceil((retryAt - now) / 1000))} s`
}

/** The last moment that a Date can name (ECMA-262, 21.4.1.1). */
const MAX_DATE_MS = 8.64e15

export function isoTime (ms: number): string {
  return Math.abs(ms) <= MAX_DATE_MS ? new Date(ms).toISOString() : 'the end of time'
}

/** One line of bounded length, without what a terminal would obey. */
export function clip (text: string): string {
  // eslint-disable-next-line no-control-regex
  const line = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim()

  return line.length > MAX_REASON_CHARS ? `${line.slice(0, MAX_REASON_CHARS - 1)}…` : line
}

/** The phase that an error names itself, as the errors of our upgrader do. */
export function phaseOf (thrown: unknown): DialPhase | undefined {
  if (!(thrown instanceof Error) || !('phase' in thrown)) {
    return undefined
  }

  return DIAL_PHASES.find((phase) => phase === thrown.phase)
}

/** What is known of an error that is not ours. */
export function sortOf (thrown: unknown): Sort | undefined {
  return lookUp(thrown, SORTS)
}

/** `error` and all beneath it: its causes, the errors that it gathers, and theirs; nearest first. */
export function * causesOf (error: unknown): Generator<Error> {
  const seen = new Set<unknown>([error])

  for (const current of seen) {
    if (!(current instanceof Error)) {
      continue
    }

    yield current

    for (const next of [current.cause, ...gathered(current)]) {
      if (seen.size < MAX_CAUSES) {
        seen.add(next)
      }
    }
  }
}

function gathered (error: Error): unknown[] {
  return 'errors' in error && Array.isArray(error.errors) ? error.errors : []
}

function lookUp<T> (thrown: unknown, table: Readonly<Record<string, T>>): T | undefined {
  for (const error of causesOf(thrown)) {
    for (const key of ['code' in error ? error.code : undefined, error.name]) {
      if (typeof key === 'string' && Object.hasOwn(table, key)) {
        return table[key]
      }
    }
  }

  return undefined
}
