import { CodedError } from '../../base/index.ts'
import { GO_AWAY } from './constants.ts'
import type { ErrorCode } from '../../base/index.ts'

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
    super('ProtocolViolation' as ErrorCode, message)
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
