import { CodedError, isCoded } from '../../base/index.ts'
import { ChannelError, describeReason, REASON_CODE } from '../contract/index.ts'
import type { ErrorCode } from '../../base/index.ts'
import type { ChannelReason } from '../contract/index.ts'

const CODES = new Map<ErrorCode, number>([
  ['ProtocolViolation', REASON_CODE.protocolViolation],
  ['MessageTooLarge', REASON_CODE.messageTooLarge],
  ['MessageTooDeep', REASON_CODE.messageTooDeep],
  ['TooManyReferences', REASON_CODE.tooManyReferences],
  ['InvalidMessage', REASON_CODE.invalidMessage],
  ['MessageRejected', REASON_CODE.messageRejected],
  ['UnsupportedCodec', REASON_CODE.unsupportedCodec],
  ['SessionClosed', REASON_CODE.sessionClosed],
  ['ResourceLimit', REASON_CODE.refused]
])

/** spec-channel 9 */
export const RETURNED: ChannelReason = Object.freeze({ code: REASON_CODE.returned, message: '' })

/** How what went wrong here is told to somebody on another stream; spec-channel 7.1, 8.6. */
export function reasonOf (error: unknown): ChannelReason {
  if (error instanceof ChannelError && error.reason != null) {
    return error.reason
  }

  const code = isCoded(error) ? CODES.get(error.code) : undefined

  return { code: code ?? REASON_CODE.failed, message: error instanceof Error ? error.message : String(error) }
}

/** The reason of a reset by the other side; undefined if the end was something else. */
export function resetReason (error: Error): ChannelReason | undefined {
  return error instanceof ChannelError && error.code === 'StreamReset' ? error.reason ?? { code: REASON_CODE.none, message: '' } : undefined
}

export function cannotSend (why: string, reason?: ChannelReason): ChannelError {
  return new ChannelError('ChannelClosed', `cannot send: this sender was ${why}`, { reason })
}

export function cannotReceive (reason: ChannelReason): ChannelError {
  return new ChannelError('ChannelClosed', `cannot receive: this receiver was cancelled (${describeReason(reason)})`, { reason })
}

export function cancelledByThem (reason: ChannelReason): ChannelError {
  return new ChannelError('ChannelCancelled', `the receiver wants no more messages (${describeReason(reason)})`, { reason })
}

export function abortedByThem (reason: ChannelReason): ChannelError {
  return new ChannelError('ChannelAborted', `the sender gave up before the end (${describeReason(reason)})`, { reason })
}

export function unknownReference (ref: number, why: string): CodedError {
  return new CodedError('UnknownReference', `the message refers to stream ${ref}, ${why}`)
}

export function moved (): ChannelError {
  return new ChannelError('ChannelMoved', 'the same channel end or byte stream is in the message twice: each can travel once')
}
