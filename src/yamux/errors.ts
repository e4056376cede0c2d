import { CodedError } from '../base/index.ts'
import { GO_AWAY } from './constants.ts'

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

/** What streams fail with when the transport has closed: `goAwayCode` of the side that said so before. */
export function goneError (goAwayCode: number | undefined, cause: Error | undefined): Error {
  const options = cause == null ? {} : { cause }

  if (goAwayCode == null) {
    return new CodedError('ConnectionLost', `the connection was lost${cause == null ? '' : `: ${cause.message}`}`, options)
  }

  return new YamuxClosedError('the connection was closed before the stream had ended', goAwayCode, options)
}
