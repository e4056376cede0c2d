import { CodedError, isCoded, toError } from '../../../base/index.ts'
import { ChannelError, describeReason, MAX_REASON_BYTES, MAX_REASON_CODE, REASON_CODE } from '../../contract/index.ts'
import { REASON_HEADER, REASON_STATUS, RESET_STATUS } from './constants.ts'
import type { ChannelReason, StreamHeaders } from '../../contract/index.ts'

/** The other side broke a rule of SPDY or of spec-channel 11; the connection ends with it. */
export function violation (what: string, options?: ErrorOptions): CodedError {
  return new CodedError('ProtocolViolation', `the other side does not speak SPDY/3.1: ${what}`, options)
}

export function sessionClosed (by: 'we' | 'the other side'): CodedError {
  return new CodedError('SessionClosed', `${by} closed the session`)
}

/** What ended the connection, as its streams and the session are told. */
export function connectionLost (cause: unknown): Error {
  if (isCoded(cause)) {
    return cause
  }

  const error = toError(cause)

  return new CodedError('ConnectionLost', `the connection was lost: ${error.message}`, { cause: error })
}

export function streamAborted (reason: ChannelReason): ChannelError {
  return new ChannelError('StreamAborted', `this side reset the stream: ${describeReason(reason)}`, { reason })
}

export function streamReset (reason: ChannelReason): ChannelError {
  return new ChannelError('StreamReset', `the other side reset the stream: ${describeReason(reason)}`, { reason })
}

/** What a RST_STREAM says, with the headers that came before it, if any; spec-channel 11.5. */
export function reasonOf (status: number, headers: StreamHeaders | undefined): ChannelReason {
  const said = headers?.[REASON_HEADER.code]

  if (said != null && /^\d{1,5}$/.test(said) && Number(said) <= MAX_REASON_CODE) {
    return { code: Number(said), message: cutMessage(headers?.[REASON_HEADER.message] ?? '') }
  }

  if (status >= REASON_STATUS && status <= REASON_STATUS + MAX_REASON_CODE) {
    return { code: status - REASON_STATUS, message: '' }
  }

  return { code: NATIVE_CODES.get(status) ?? REASON_CODE.failed, message: '' }
}

const NATIVE_CODES: ReadonlyMap<number, number> = new Map([
  [RESET_STATUS.cancel, REASON_CODE.cancelled],
  [RESET_STATUS.refusedStream, REASON_CODE.refused]
])

/** At most as many bytes as may travel, cut at a character. A NUL would end the value of a header. */
export function cutMessage (message: string): string {
  const room = new Uint8Array(MAX_REASON_BYTES)
  const { written } = new TextEncoder().encodeInto(message.replaceAll('\0', ' '), room)

  return new TextDecoder().decode(room.subarray(0, written))
}
