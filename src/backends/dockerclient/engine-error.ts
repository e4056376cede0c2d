import { ServiceError } from '../../service/index.ts'
import type { ErrorCode } from '../../base/index.ts'

/** Of what an engine says about an error; the rest is not read. */
export const MAX_ERROR_BYTES = 64 * 1024

const CODE_OF: Readonly<Record<number, ErrorCode>> = {
  400: 'InvalidArgument',
  401: 'PermissionDenied',
  403: 'PermissionDenied',
  404: 'NotFound',
  409: 'FailedPrecondition',
  501: 'NotImplemented',
  503: 'Unavailable'
}

/** What an engine answered with a status that is none of success. docs/docker.md. */
export function engineError (status: number, body: string): ServiceError {
  return new ServiceError(CODE_OF[status] ?? 'ServiceFailed', messageOf(body) ?? `the engine answered with the status ${status}`, { data: { status } })
}

/** An engine that cannot be reached, or has gone. */
export function unavailable (message: string, cause?: unknown): ServiceError {
  return new ServiceError('Unavailable', message, { cause })
}

/** What an engine tells of in the middle of its progress; undefined if it is progress. */
export function progressError (json: string): ServiceError | undefined {
  const { error, errorDetail } = JSON.parse(json) as { error?: unknown, errorDetail?: { code?: unknown, message?: unknown } | null }
  const message = errorDetail?.message ?? error
  const code = errorDetail?.code

  if (typeof message !== 'string') {
    return undefined
  }

  if (typeof code === 'number' && code >= 400 && code <= 599) {
    return engineError(code, JSON.stringify({ message }))
  }

  return new ServiceError('ServiceFailed', message)
}

/** Engines say `{"message"}`; what stands before them may say anything. */
function messageOf (body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) as { message?: unknown }

    return typeof message === 'string' ? message : undefined
  } catch {
    const text = body.trim()

    return text === '' ? undefined : text
  }
}
