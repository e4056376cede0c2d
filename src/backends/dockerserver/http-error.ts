import { isCoded, toError } from '../../base/index.ts'
import { ServiceError } from '../../service/index.ts'
import type { ErrorCode } from '../../base/index.ts'

/** What is answered with a status of its own, and without the engine having been asked. */
export class HttpError extends ServiceError {
  readonly status: number

  constructor (status: number, code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(code, message, { ...options, data: { status } })
    this.status = status
  }
}

const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  NotFound: 404,
  InvalidArgument: 400,
  Ambiguous: 400,
  InvalidMessage: 400,
  MessageTooLarge: 413,
  PermissionDenied: 403,
  FailedPrecondition: 409,
  AlreadyExists: 409,
  NotImplemented: 501,
  Unavailable: 503,
  DeadlineExceeded: 504
}

/** The status that the engine gave, if it is one of an error; else that of the code. docs/docker.md. */
export function statusOf (thrown: unknown): number {
  const given = (toError(thrown) as { data?: { status?: unknown } | null }).data?.status

  if (typeof given === 'number' && Number.isInteger(given) && given >= 400 && given <= 599) {
    return given
  }

  return (isCoded(thrown) ? STATUS_OF[thrown.code] : undefined) ?? 500
}

/** The body of an answer that tells of an error. */
export function errorBody (thrown: unknown): string {
  return `${JSON.stringify({ message: toError(thrown).message })}\n`
}
