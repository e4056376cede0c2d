import { CodedError, ERROR_CODES, isCoded, toError } from '../base/index.ts'
import type { ErrorCode } from '../base/index.ts'

export interface ServiceErrorOptions extends ErrorOptions {
  /** The code as the other side named it, if it is none of ours. */
  remoteCode?: string | undefined
  /** More about it: any value that JSON has. */
  data?: unknown
}

/** What a service refused or failed at. It crosses the wire with its code, message and data; spec-service 5. */
export class ServiceError extends CodedError {
  readonly remoteCode: string
  readonly data: unknown

  constructor (code: ErrorCode, message: string, { remoteCode = code, data, ...options }: ServiceErrorOptions = {}) {
    super(code, message, options)
    this.remoteCode = remoteCode
    this.data = data
  }
}

const CODES: ReadonlySet<string> = new Set(ERROR_CODES)

/** In UTF-16 units; longer texts of errors are cut before they travel. */
export const MAX_ERROR_TEXT = 16 * 1024

/** An error as the args of an `error` message: code, message, and data as JSON if there is any. */
export function toErrorArgs (thrown: unknown): string[] {
  const error = toError(thrown)
  const data = jsonOf((error as { data?: unknown }).data)

  return [codeOf(error), String(error.message).slice(0, MAX_ERROR_TEXT).toWellFormed(), ...(data == null ? [] : [data])]
}

/** The error that the args of an `error` message tell of. One argument alone is the message, as in libswarm. */
export function fromErrorArgs (args: readonly string[]): ServiceError {
  const [remoteCode, message, data] = args.length === 1 ? ['ServiceFailed', args[0]] : args

  return new ServiceError(isOurs(remoteCode) ? remoteCode : 'ServiceFailed', message ?? 'the service failed, and did not say why', {
    remoteCode: remoteCode ?? 'ServiceFailed',
    data: parseJson(data)
  })
}

function codeOf (error: Error): string {
  if (error instanceof ServiceError) {
    return error.remoteCode
  }

  if (isCoded(error)) {
    return error.code
  }

  return error.name === 'AbortError' ? 'CallCancelled' : 'ServiceFailed'
}

function isOurs (code: string | undefined): code is ErrorCode {
  return code != null && CODES.has(code)
}

/** What JSON does not have, or is too long to travel, stays here: the error itself matters more. */
function jsonOf (data: unknown): string | undefined {
  try {
    const json = data === undefined ? undefined : JSON.stringify(data)

    return json == null || json.length > MAX_ERROR_TEXT ? undefined : json
  } catch {
    return undefined
  }
}

function parseJson (text: string | undefined): unknown {
  try {
    return text == null ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
