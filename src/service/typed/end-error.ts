import { CodedError, isCoded } from '../../base/index.ts'
import { REASON_CODE } from '../../channel/index.ts'
import { ServiceError } from '../service-error.ts'

/** What callers are told when an attachment ends: what the service said, who broke the protocol, or that it is gone. */
export function toEndError (error: Error): Error {
  if (error instanceof ServiceError || isCoded(error, 'ProtocolViolation')) {
    return error
  }

  const reason = (error as { reason?: { code: number, message: string } }).reason

  if (reason?.code === REASON_CODE.protocolViolation) {
    return new CodedError('ProtocolViolation', `the service ended the attachment: ${reason.message}`, { cause: error })
  }

  return new ServiceError('Unavailable', `the service cannot be reached any more: ${error.message}`, { cause: error })
}
