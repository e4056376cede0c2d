import { CodedError, isCoded, toError } from '../../base/index.ts'
import { ChannelError, describeReason, REASON_CODE } from '../contract/index.ts'
import type { ChannelReason, ReasonInput } from '../contract/index.ts'

/** What the other side's `reset` is here. */
export function resetByPeer (reason: ChannelReason): ChannelError {
  return new ChannelError('StreamReset', `the other side reset the byte stream: ${describeReason(reason)}`, { reason })
}

/** What calls that wait get when the stream is reset on this side. */
export function resetHere (reason: ChannelReason): ChannelError {
  return new ChannelError('StreamAborted', `the byte stream was reset on this side: ${describeReason(reason)}`, { reason })
}

/** What calls get that come after a `reset` on this side. */
export function usedAfterReset (cause: ChannelError): ChannelError {
  return new ChannelError('StreamClosed', `cannot use the byte stream any more: it was reset on this side (${describeReason(cause.reason ?? NO_REASON)})`, { reason: cause.reason, cause })
}

export function readingEnded (): CodedError {
  return new CodedError('StreamClosed', 'cannot read: reading was ended on this side, by closeRead or close')
}

export function writingEnded (): CodedError {
  return new CodedError('StreamClosed', 'cannot write: our direction of the byte stream has ended, by end, closeWrite or close, or never was there')
}

export function moved (): CodedError {
  return new CodedError('ChannelMoved', 'this byte stream was sent in a message or connected to another: use what it went to')
}

/** How something that is no stream of ours failed; what has a code already stays as it is. */
export function failedBeneath (what: string, thrown: unknown): Error {
  if (isCoded(thrown)) {
    return thrown
  }

  const cause = toError(thrown)

  return new ChannelError('StreamReset', `${what} failed: ${cause.message}`, {
    reason: { code: REASON_CODE.failed, message: cause.message },
    cause
  })
}

/** What something that is no stream of ours is destroyed with. */
export function resetElsewhere (reason: ChannelReason): ChannelError {
  return new ChannelError('StreamReset', `the byte stream that this was connected to was reset: ${describeReason(reason)}`, { reason })
}

/** What a WHATWG stream was cancelled or aborted with, which may be anything. */
export function toReasonInput (thrown: unknown): ReasonInput | undefined {
  if (thrown == null || typeof thrown === 'string' || thrown instanceof Error) {
    return thrown ?? undefined
  }

  return String(thrown)
}

const NO_REASON: ChannelReason = { code: REASON_CODE.none, message: '' }
