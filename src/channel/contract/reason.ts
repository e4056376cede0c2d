import { CodedError } from '../../base/index.ts'
import type { ErrorCode } from '../../base/index.ts'

/**
 * Why a channel or a byte stream ended early, as the other side is told; spec-channel 7.
 * Codes below 256 are those of `REASON_CODE`, those from 256 to 65,535 are the application's.
 */
export interface ChannelReason {
  readonly code: number
  /** For people; at most 1,024 bytes travel. */
  readonly message: string
}

/** What `abort`, `cancel` and `reset` take: an error stands for `failed` with its message. */
export type ReasonInput = Error | string | { readonly code?: number, readonly message?: string }

export const REASON_CODE = {
  /** Nothing was said. */
  none: 0,
  /** The side that ended it failed. */
  failed: 1,
  protocolViolation: 2,
  /** No longer wanted. */
  cancelled: 3,
  messageTooLarge: 4,
  messageTooDeep: 5,
  tooManyReferences: 6,
  invalidMessage: 7,
  messageRejected: 8,
  /** Nobody claimed a reference in time. */
  unclaimed: 9,
  unsupportedCodec: 10,
  sessionClosed: 11,
  /** The channel went back to where it came from. */
  returned: 12,
  /** A limit was reached. */
  refused: 13
} as const

export const MAX_REASON_CODE = 0xFFFF

/** In UTF-8; what is longer is cut. */
export const MAX_REASON_BYTES = 1024

/** An error of a channel, with what the other side said, if it did. */
export class ChannelError extends CodedError {
  readonly reason: ChannelReason | undefined

  constructor (code: ErrorCode, message: string, { reason, ...options }: ErrorOptions & { reason?: ChannelReason | undefined } = {}) {
    super(code, message, options)
    this.reason = reason
  }
}

/**
 * A reason as it travels; `code` is used where the input names none.
 *
 * @throws RangeError for a code that is no whole number from 0 to 65,535
 */
export function toReason (input: ReasonInput | undefined, code: number): ChannelReason {
  if (input == null) {
    return { code, message: '' }
  }

  if (typeof input === 'string') {
    return { code, message: input }
  }

  if (input instanceof ChannelError && input.reason != null) {
    return input.reason
  }

  if (input instanceof Error) {
    return { code: REASON_CODE.failed, message: input.message }
  }

  const wanted = input.code ?? code

  if (!Number.isInteger(wanted) || wanted < 0 || wanted > MAX_REASON_CODE) {
    throw new RangeError(`the code of a reason must be a whole number from 0 to ${MAX_REASON_CODE}, received ${String(wanted)}`)
  }

  return { code: wanted, message: input.message ?? '' }
}

const NAMES = new Map<number, string>(Object.entries(REASON_CODE).map(([name, code]) => [code, name]))

/** For error messages: `code 300: quota used up`, `cancelled`. */
export function describeReason ({ code, message }: ChannelReason): string {
  const name = NAMES.get(code) ?? `code ${code}`

  return message === '' ? name : `${name}: ${message}`
}
