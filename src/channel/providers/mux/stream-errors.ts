import { CodedError, isCoded } from '../../../base/index.ts'
import { GO_AWAY, YamuxProtocolError, YamuxResetError } from '../../../yamux/index.ts'
import { ChannelError, describeReason, MAX_REASON_CODE, REASON_CODE } from '../../contract/index.ts'
import type { ChannelReason } from '../../contract/index.ts'

/** What a stream of ours is ended with, so that the peer is told the code; yamux 2.12. */
export function resetError (reason: ChannelReason): ChannelError & { readonly resetCode: number } {
  return Object.assign(new ChannelError('StreamAborted', `the stream was reset here: ${describeReason(reason)}`, { reason }), { resetCode: reason.code })
}

/** What ends a session gracefully, as streams are told and, in codes, the peer. */
export function goodbyeError (message: string): ChannelError {
  return Object.assign(new ChannelError('SessionClosed', message), { resetCode: REASON_CODE.sessionClosed, goAwayCode: GO_AWAY.normal })
}

/** Whether the link ended because what carries it was closed in good order; the muxer has that as its cause. */
export function orderlyEnd (error: Error): Error | undefined {
  return [error, error.cause].find((one) => isCoded(one, 'SessionClosed'))
}

/** What a lost connection is to everybody who used it. */
export function lossError (remoteAddress: string, error: Error): CodedError {
  // the muxer says that it was lost and why; once is enough
  const cause = isCoded(error, 'ConnectionLost') && error.cause instanceof Error ? error.cause : error

  return new CodedError('ConnectionLost', `the connection with ${remoteAddress} was lost: ${cause.message}`, { cause })
}

/** What an error of the muxer means, if it is of this stream alone. */
export function streamError (error: Error): Error | undefined {
  if (error instanceof YamuxResetError) {
    return peerResetError(error)
  }

  const isOurs = error instanceof ChannelError || isCoded(error, 'ResourceLimit')
  const isOfStream = error instanceof YamuxProtocolError && error.rule === 'dataAfterEnd'

  return isOurs || isOfStream ? error : undefined
}

/** Spec-channel 7.3. */
function peerResetError (error: YamuxResetError): ChannelError {
  const { resetCode } = error

  if (resetCode === REASON_CODE.sessionClosed) {
    return new ChannelError('SessionClosed', 'the other side closed the session', { cause: error })
  }

  // other users of yamux have codes of their own, which mean nothing here
  const reason = { code: resetCode > MAX_REASON_CODE ? REASON_CODE.none : resetCode, message: '' }

  return new ChannelError('StreamReset', `the other side reset the stream: ${describeReason(reason)}`, { reason, cause: error })
}
