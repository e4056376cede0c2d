import { CodedError, isCoded } from '../../base/index.ts'
import { MAX_DIAL_ERRORS } from '../constants.ts'
import { describe } from './dial-message.ts'
import { backoffReason, causesOf, clip, DIAL_PHASES, explain, phaseOf, sortOf } from './dial-reason.ts'
import type { DialPhase } from './dial-reason.ts'
import type { Coded, ErrorCode } from '../../base/index.ts'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export type { DialPhase } from './dial-reason.ts'

/** Nothing has been sent to the address in these phases. */
const UNTRIED: ReadonlySet<DialPhase> = new Set<DialPhase>(['resolve', 'gate', 'limit'])

const UPGRADE: ReadonlySet<DialPhase> = new Set<DialPhase>(['protect', 'encrypt', 'mux', 'negotiate'])

const TIMEOUT_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DialTimeout', 'UpgradeTimeout', 'NegotiationTimeout'])

export interface AddressErrorInit {
  phase: DialPhase
  /** From the start of the work on this address, in milliseconds. @default 0 */
  durationMs?: number | undefined
  /** When this address may be dialled again, in ms since the Unix epoch. */
  retryAt?: number | undefined
  /** The present, so that a backoff says "retry in 9 s" instead of a date. */
  now?: number | undefined
  cause?: unknown
  /** The plain reason, without the address. Without it, the cause and the code are put in words. */
  message?: string | undefined
}

export interface AddressErrorJSON {
  address: string
  code: ErrorCode
  phase: DialPhase
  reason: string
  durationMs: number
  retryAt?: number
}

/** The failure of one address: where it died, how long that took and why. */
export class AddressError extends CodedError {
  readonly address: Multiaddr
  readonly phase: DialPhase
  /** 0 for an address that was refused and not tried. */
  readonly durationMs: number
  readonly retryAt: number | undefined
  /** `message` without the address: one line of bounded length. */
  readonly reason: string

  constructor (code: ErrorCode, address: Multiaddr, init: AddressErrorInit) {
    const reason = reasonOf(code, init)

    super(code, `failed to dial ${address.toString()}: ${reason}`, init.cause === undefined ? undefined : { cause: init.cause })
    this.address = address
    this.phase = init.phase
    this.durationMs = init.durationMs ?? 0
    this.retryAt = init.retryAt
    this.reason = reason
  }

  /** Whether something was sent to this address: it was not refused before. */
  get tried (): boolean {
    return !UNTRIED.has(this.phase)
  }

  /** Whether time ran out. */
  get timeout (): boolean {
    return TIMEOUT_CODES.has(this.code) || hasCause(this, 'ETIMEDOUT')
  }

  toJSON (): AddressErrorJSON {
    return {
      address: this.address.toString(),
      code: this.code,
      phase: this.phase,
      reason: this.reason,
      durationMs: this.durationMs,
      ...(this.retryAt === undefined ? {} : { retryAt: this.retryAt })
    }
  }
}

export interface DialErrorInit {
  /** The decisive reason. Without it, the error of the address that came furthest. */
  cause?: unknown
  /** Of the whole dial, in milliseconds. */
  durationMs?: number | undefined
  /** What to do about it, instead of what the code advises. */
  advice?: string | undefined
  /** When to try again, if that is earlier than what the errors say; in ms since the Unix epoch. */
  retryAt?: number | undefined
}

export interface DialErrorJSON {
  name: string
  code: ErrorCode
  message: string
  peer?: string
  durationMs?: number
  retryAt?: number
  skipped: number
  errors: AddressErrorJSON[]
}

/**
 * Why a peer could not be dialled, address by address.
 *
 * At most `MAX_DIAL_ERRORS` errors are kept, those of addresses that were tried before those of
 * addresses that were refused; `skipped` counts the rest.
 */
export class DialError extends AggregateError implements Coded {
  declare errors: AddressError[]
  readonly code: ErrorCode
  /** Undefined when an address was dialled whose peer is not known. */
  readonly peer: PeerId | undefined
  /** Errors that are not in `errors`. */
  readonly skipped: number
  /** The earliest moment at which an address in backoff may be dialled again, in ms since the Unix epoch. */
  readonly retryAt: number | undefined
  /** Of the whole dial, in milliseconds. */
  readonly durationMs: number | undefined

  constructor (code: ErrorCode, peer: PeerId | undefined, errors: readonly AddressError[], init: DialErrorInit = {}) {
    const { durationMs, advice } = init
    const kept = [...errors].sort(triedFirst).slice(0, MAX_DIAL_ERRORS)
    const skipped = errors.length - kept.length
    const retryAt = earliest([init.retryAt, ...errors.map((error) => error.retryAt)])
    const cause = init.cause ?? furthest(kept)

    super(
      kept,
      describe({ code, peer, failures: kept, skipped, durationMs, retryAt, advice }),
      cause === undefined ? undefined : { cause }
    )
    this.name = 'DialError'
    this.code = code
    this.peer = peer
    this.skipped = skipped
    this.retryAt = retryAt
    this.durationMs = durationMs
  }

  /** Whether time ran out: that of the dial, or that of every address tried. */
  get timeout (): boolean {
    const tried = this.errors.filter((error) => error.tried)

    return this.code === 'DialTimeout' || (tried.length > 0 && tried.every((error) => error.timeout))
  }

  toJSON (): DialErrorJSON {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      ...(this.peer === undefined ? {} : { peer: this.peer.toString() }),
      ...(this.durationMs === undefined ? {} : { durationMs: this.durationMs }),
      ...(this.retryAt === undefined ? {} : { retryAt: this.retryAt }),
      skipped: this.skipped,
      errors: this.errors.map((error) => error.toJSON())
    }
  }
}

/**
 * What was thrown while an address was dialled, as the error of that address. An AddressError stays
 * as it is. An error that names its `phase`, as those of our upgrader do, died there; one of a
 * plugin or of Node that says nothing of the kind died in `init.phase`, which is 'connect' if it is
 * left out.
 */
export function toAddressError (address: Multiaddr, thrown: unknown, init: { phase?: DialPhase | undefined, durationMs?: number | undefined } = {}): AddressError {
  if (thrown instanceof AddressError) {
    return thrown
  }

  const sort = sortOf(thrown)
  const phase = phaseOf(thrown) ?? sort?.phase ?? init.phase ?? 'connect'
  const code = isCoded(thrown) ? thrown.code : sort?.code ?? (UPGRADE.has(phase) ? 'UpgradeFailed' : 'ConnectFailed')

  return new AddressError(code, address, { phase, durationMs: init.durationMs, cause: thrown })
}

/**
 * Whether `error`, one of its causes, or one of the errors that it gathers has this code (one of
 * ours or one of Node's), or satisfies this predicate.
 */
export function hasCause (error: unknown, wanted: string | ((error: Error) => boolean)): boolean {
  for (const candidate of causesOf(error)) {
    if (typeof wanted === 'string' ? 'code' in candidate && candidate.code === wanted : wanted(candidate)) {
      return true
    }
  }

  return false
}

function reasonOf (code: ErrorCode, { phase, retryAt, now, cause, message }: AddressErrorInit): string {
  if (message != null) {
    return clip(message)
  }

  return clip(code === 'DialBackoff' && retryAt != null ? backoffReason(retryAt, now) : explain(code, phase, cause))
}

function triedFirst (a: AddressError, b: AddressError): number {
  return Number(b.tried) - Number(a.tried)
}

function earliest (times: Array<number | undefined>): number | undefined {
  const known = times.filter((time) => time !== undefined)

  // not Math.min with spread: a caller may have brought any number of addresses
  return known.length === 0 ? undefined : known.reduce((a, b) => Math.min(a, b))
}

/** What got furthest says most: a failed handshake outranks a closed port. */
function furthest (errors: readonly AddressError[]): AddressError | undefined {
  let best: AddressError | undefined

  for (const error of errors) {
    if (best == null || DIAL_PHASES.indexOf(error.phase) > DIAL_PHASES.indexOf(best.phase)) {
      best = error
    }
  }

  return best
}
