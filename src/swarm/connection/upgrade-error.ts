import { CodedError, isCoded, toError } from '../../base/index.ts'
import type { ErrorCode } from '../../base/index.ts'

/** Where the making of a connection stood when it failed. */
export type UpgradePhase = 'gate' | 'limit' | 'connect' | 'protect' | 'encrypt' | 'mux' | 'negotiate'

/** The upgrade of a socket to a connection failed, in a phase that it names. */
export class UpgradeError extends CodedError {
  readonly phase: UpgradePhase

  constructor (code: ErrorCode, phase: UpgradePhase, message: string, options?: ErrorOptions) {
    super(code, message, options)
    this.phase = phase
  }
}

const DOING: Readonly<Record<UpgradePhase, string>> = {
  gate: 'asking the connection gater',
  limit: 'keeping within the limits',
  connect: 'connecting',
  protect: 'proving the pre-shared key',
  encrypt: 'agreeing on encryption',
  mux: 'agreeing on a stream muxer',
  negotiate: 'negotiating'
}

/** Codes that say more than that the upgrade failed. All others are about a step, and stay in the cause. */
const TELLING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'Gated',
  'ResourceLimit',
  'DialToSelf',
  'UnexpectedPeer',
  'UpgradeTimeout',
  'SwarmClosed',
  'MissingPackage',
  'UnsupportedOperation'
])

/** Why an upgrade has to stop, whatever it is doing; what that is, the phase that it breaks off says. */
export class UpgradeStop extends Error {
  readonly code: ErrorCode

  constructor (code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * Runs one phase, waiting only where that has to be waited for; what it throws comes out as an UpgradeError
 * of that phase, with its cause. The reason of `signal` stays what it is, unless it is an UpgradeStop.
 */
export function inPhase<T> (phase: UpgradePhase, signal: AbortSignal, fn: () => T | Promise<T>): T | Promise<T> {
  const onThrown = (thrown: unknown): never => { throw failureOf(phase, signal, thrown) }

  try {
    signal.throwIfAborted()

    const outcome = fn()

    return outcome instanceof Promise ? outcome.catch(onThrown) : outcome
  } catch (thrown) {
    return onThrown(thrown)
  }
}

function failureOf (phase: UpgradePhase, signal: AbortSignal, thrown: unknown): unknown {
  if (thrown instanceof UpgradeStop) {
    return new UpgradeError(thrown.code, phase, `${thrown.message}, while ${DOING[phase]}`, { cause: thrown.cause })
  }

  if (thrown instanceof UpgradeError || (signal.aborted && thrown === signal.reason)) {
    return thrown
  }

  const error = toError(thrown)

  return new UpgradeError(upgradeCode(error), phase, `failed while ${DOING[phase]}: ${error.message}`, { cause: error })
}

/** What an error of a step makes of the whole upgrade. */
export function upgradeCode (error: Error): ErrorCode {
  if (isCoded(error) && TELLING.has(error.code)) {
    return error.code
  }

  if (error.name === 'UnexpectedPeerError') {
    return 'UnexpectedPeer'
  }

  return isCoded(error, 'NegotiationTimeout') ? 'UpgradeTimeout' : 'UpgradeFailed'
}
