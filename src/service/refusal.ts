import { isCoded } from '../base/index.ts'
import type { ErrorCode } from '../base/index.ts'

const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['MessageTooLarge', 'MessageTooDeep', 'TooManyReferences', 'UnencodableMessage', 'MessageRejected', 'ChannelMoved'])

/** Whether `send` refused one message alone, and its channel takes others. */
export function isRefusal (thrown: unknown): boolean {
  return isCoded(thrown) && REFUSALS.has(thrown.code)
}
