/**
 * Every error that this package throws on purpose carries one of these codes. `docs/errors.md` has
 * a heading for each: what it means, why it happens, what to do. Match on codes, never on messages.
 */
export const ERROR_CODES = [
  // dialling
  'AllDialsFailed',
  'DialBackoff',
  'DialTimeout',
  'DialToSelf',
  'NoAddresses',
  'NoGoodAddresses',
  'NoTransport',
  'AddressUnusable',
  'BlackHole',
  'Gated',
  'TooManyDialAttempts',
  'NoConnection',
  'ResolveFailed',
  // upgrading a connection
  'ConnectFailed',
  'UpgradeFailed',
  'UpgradeTimeout',
  'UnexpectedPeer',
  // connections
  'ConnectionClosed',
  'ConnectionLost',
  'LimitedConnection',
  'ProtocolViolation',
  // negotiating and using streams
  'UnsupportedProtocol',
  'NegotiationFailed',
  'NegotiationTimeout',
  'StreamReset',
  'StreamAborted',
  'StreamClosed',
  'StreamDeadline',
  'StreamIdle',
  'DuplicateHandler',
  // channels
  'ChannelClosed',
  'ChannelAborted',
  'ChannelCancelled',
  'ChannelMoved',
  'SessionClosed',
  'MessageTooLarge',
  'MessageTooDeep',
  'TooManyReferences',
  'UnencodableMessage',
  'InvalidMessage',
  'MessageRejected',
  'UnknownReference',
  'UnsupportedCodec',
  // services
  'NotImplemented',
  'NotFound',
  'AlreadyExists',
  'Ambiguous',
  'InvalidArgument',
  'FailedPrecondition',
  'PermissionDenied',
  'Unavailable',
  'DeadlineExceeded',
  'CallCancelled',
  'NoAnswer',
  'ServiceFailed',
  'InvalidConfig',
  // limits
  'ResourceLimit',
  // listening
  'ListenFailed',
  // identity
  'InvalidKeyFile',
  'UnsafeKeyFile',
  'InvalidPeerId',
  'InvalidAddress',
  // plugins
  'UnhandledProtocol',
  'MissingService',
  'UnmetServiceDependencies',
  'NoPeerRouters',
  'NoContentRouters',
  // everything
  'SwarmClosed',
  'HandlerTimeout',
  'MissingPackage',
  'UnsupportedOperation'
] as const

export type ErrorCode = typeof ERROR_CODES[number]

/** What all our errors have in common. */
export interface Coded extends Error {
  readonly code: ErrorCode
}

/** An error with a code; its `name` is the code followed by `Error`. */
export class CodedError extends Error implements Coded {
  readonly code: ErrorCode

  constructor (code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = `${code}Error`
    this.code = code
  }
}

/**
 * Runs `make`; errors that it makes have no stack: for what happens as it should, all the time, where how it came to that says
 * nothing. To record a stack costs more than most of what is done so.
 */
export function withoutStack<T> (make: () => T): T {
  const { stackTraceLimit } = Error

  // not an assignment, which throws where what is built in was frozen
  Reflect.set(Error, 'stackTraceLimit', 0)

  try {
    return make()
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit)
  }
}

const CODES: ReadonlySet<unknown> = new Set(ERROR_CODES)

/** Whether `value` is an error of ours, of the given code if there is one. */
export function isCoded (value: unknown, code?: ErrorCode): value is Coded {
  if (!(value instanceof Error) || !('code' in value) || !CODES.has(value.code)) {
    return false
  }

  return code == null || value.code === code
}

/** What was thrown, as an error: anything else than an `Error` becomes the `cause` of one. */
export function toError (thrown: unknown): Error {
  if (thrown instanceof Error) {
    return thrown
  }

  try {
    return new Error(String(thrown), { cause: thrown })
  } catch {
    return new Error('something was thrown that has no text', { cause: thrown }) // Object.create(null)
  }
}
