import { AddressError } from './dial-error.ts'
import type { DialPhase } from './dial-error.ts'
import type { ErrorCode } from '../../base/index.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

/**
 * What this node decides or lacks by itself. It says nothing of the other side, so that it neither
 * puts an address in backoff nor counts as a dial that was never answered: when our own network is
 * down every address fails, and all of them must be free when it is up again.
 */
const OUR_FAULTS: ReadonlySet<unknown> = new Set<ErrorCode | string>([
  'ResourceLimit', 'Gated', 'SwarmClosed', 'DialToSelf', 'NoTransport', 'BlackHole', 'DialBackoff', 'AddressUnusable', 'MissingPackage',
  'EMFILE', 'ENFILE', 'ENOBUFS', 'ENETDOWN', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EACCES', 'EPERM'
])

/** Causes looked at beneath an error. */
const MAX_CAUSES = 8

/** Whether this node is why the dial failed, judging by the error and its causes. */
export function isOurFault (error: AddressError): boolean {
  let current: unknown = error

  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth++) {
    if ('code' in current && OUR_FAULTS.has(current.code)) {
      return true
    }

    current = current.cause
  }

  return false
}

/** What a request died of, whose addresses were refused or have failed, every one. */
export function verdictOf (refused: readonly AddressError[], failed: readonly AddressError[]): ErrorCode {
  if (failed.length > 0) {
    return failed.every(({ code }) => code === 'DialBackoff') ? 'DialBackoff' : 'AllDialsFailed'
  }

  const [first, ...others] = new Set(refused.map(({ code }) => code))

  if (first == null) {
    return 'NoAddresses'
  }

  return others.length === 0 && (first === 'Gated' || first === 'DialToSelf') ? first : 'NoGoodAddresses'
}

/** The same error, which also says when the address may be dialled again. */
export function withRetryAt (error: AddressError, retryAt: number): AddressError {
  const { code, address, phase, durationMs, cause, reason } = error

  return new AddressError(code, address, { phase, durationMs, retryAt, cause, message: reason })
}

/** The address failed not long ago, and is spared. */
export function inBackoff (address: Multiaddr, retryAt: number, now: number): AddressError {
  return new AddressError('DialBackoff', address, { phase: 'gate', retryAt, now })
}

/** The time of a request was up before the dial of this address had ended, or before its turn came. */
export function outOfTime (address: Multiaddr, attempt?: { phase: DialPhase, durationMs: number }): AddressError {
  const { phase, durationMs } = attempt ?? { phase: 'limit', durationMs: 0 }

  return new AddressError('DialTimeout', address, {
    phase,
    durationMs,
    message: `${phase === 'limit' ? 'not tried' : 'no answer'} before the time of the whole dial was up`
  })
}
