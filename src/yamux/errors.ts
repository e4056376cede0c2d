import { CodedError, withoutStack } from '../base/index.ts'
import { GO_AWAY, NO_RESET_CODE } from './constants.ts'
import { isUint32 } from './uint32.ts'

/** The rule that a peer broke; yamux 7.1. */
export type YamuxRule =
  | 'version'
  | 'type'
  | 'sessionId'
  | 'parity'
  | 'duplicateSyn'
  | 'windowExceeded'
  | 'windowOverflow'
  | 'pingFlags'
  | 'unrequestedPing'
  | 'controlFlood'
  | 'dataAfterEnd'

/** The peer broke a rule of yamux. Ends the connection; `dataAfterEnd` ends its stream only. */
export class YamuxProtocolError extends CodedError {
  readonly rule: YamuxRule
  readonly goAwayCode = GO_AWAY.protocolError

  constructor (rule: YamuxRule, message: string) {
    super('ProtocolViolation', message)
    this.rule = rule
  }
}

/** The connection has ended under a stream or a call, after a go away said so; yamux 6.4. */
export class YamuxClosedError extends CodedError {
  /** The code of the go away, by whichever side. */
  readonly goAwayCode: number

  constructor (message: string, goAwayCode: number, options?: ErrorOptions) {
    super('ConnectionClosed', message, options)
    this.goAwayCode = goAwayCode
  }
}

/** The peer reset a stream, and may have said why by a number; yamux 2.12. */
export class YamuxResetError extends CodedError {
  readonly resetCode: number

  constructor (streamId: string, resetCode: number) {
    super('StreamReset', `the peer reset stream ${streamId}${resetCode === NO_RESET_CODE ? '' : ` with code ${resetCode}`}`)
    this.resetCode = resetCode
  }
}

/** Which code a reset for this error carries: its `resetCode`. */
export function resetCodeOf (error: Error): number {
  return 'resetCode' in error && isUint32(error.resetCode) ? error.resetCode : NO_RESET_CODE
}

/** What streams fail with when the transport has closed: `goAwayCode` of the side that said so before. */
export function goneError (goAwayCode: number | undefined, cause: Error | undefined): Error {
  const options = cause == null ? {} : { cause }

  if (goAwayCode == null) {
    return new CodedError('ConnectionLost', `the connection was lost${cause == null ? '' : `: ${cause.message}`}`, options)
  }

  return withoutStack(() => new YamuxClosedError('the connection was closed before the stream had ended', goAwayCode, options))
}
