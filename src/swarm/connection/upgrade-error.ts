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

/**
 * Runs one phase; what it throws comes out as an UpgradeError of that phase, with its cause. Codes of
 * ours stay what they are, and so does the reason of `signal`.
 */
export async function inPhase<T> (phase: UpgradePhase, signal: AbortSignal, fn: () => T | Promise<T>): Promise<T> {
  try {
    return await fn()
  } catch (thrown) {
    if (thrown instanceof UpgradeError || (signal.aborted && thrown === signal.reason)) {
      throw thrown
    }

    const error = toError(thrown)
    const code = isCoded(error) ? error.code : codeOf(error)

    throw new UpgradeError(code, phase, `failed while ${DOING[phase]}: ${error.message}`, { cause: error })
  }
}

function codeOf (error: Error): ErrorCode {
  return error.name === 'UnexpectedPeerError' ? 'UnexpectedPeer' : 'UpgradeFailed'
}
