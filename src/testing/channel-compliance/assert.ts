import { isCoded } from '../../base/index.ts'
import type { ErrorCode } from '../../base/index.ts'
import type { ChannelError, ChannelReason } from '../../channel/index.ts'

/** What a case found wrong. */
export class ComplianceError extends Error {
  override readonly name = 'ComplianceError'
  readonly actual: unknown
  readonly expected: unknown

  constructor (message: string, { actual, expected, ...options }: ErrorOptions & { actual?: unknown, expected?: unknown } = {}) {
    super(message, options)
    this.actual = actual
    this.expected = expected
  }
}

export function ok (condition: boolean, what: string): void {
  if (!condition) {
    throw new ComplianceError(`${what}: it is not so`)
  }
}

/** Bounds are those of the promise: what is above breaks it. */
export function atMost (actual: number, most: number, what: string): void {
  if (!(actual <= most)) {
    throw new ComplianceError(`${what}: wanted at most ${most}, received ${actual}`, { actual, expected: most })
  }
}

/** Equal in kind and content: numbers as `Object.is` has it, maps with their order, bytes, times. */
export function same (actual: unknown, expected: unknown, what: string): void {
  if (!isSame(actual, expected)) {
    throw new ComplianceError(`${what}: wanted ${show(expected)}, received ${show(actual)}`, { actual, expected })
  }
}

function isSame (actual: unknown, expected: unknown): boolean {
  if (Object.is(actual, expected)) {
    return true
  }

  if (typeof actual !== 'object' || typeof expected !== 'object' || actual == null || expected == null) {
    return false
  }

  if (expected instanceof Uint8Array) {
    return actual instanceof Uint8Array && actual.length === expected.length && expected.every((byte, index) => byte === actual[index])
  }

  if (expected instanceof Date) {
    return actual instanceof Date && actual.getTime() === expected.getTime()
  }

  if (Array.isArray(expected) !== Array.isArray(actual)) {
    return false
  }

  const [left, right] = [Object.entries(actual), Object.entries(expected)]

  return left.length === right.length && left.every(([key, value], index) => key === right[index]?.[0] && isSame(value, right[index][1]))
}

const MAX_SHOWN = 200

function show (value: unknown): string {
  if (value instanceof Error) {
    return `${value.name}: ${value.message}`
  }

  const text = typeof value === 'object' && value != null
    ? JSON.stringify(value, (_, each: unknown) => typeof each === 'bigint' ? `${each}n` : each)
    : String(value)

  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

/** Expects a failure with this code; the reason too, as far as it is given. */
export async function fails (promise: Promise<unknown>, code: ErrorCode, what: string, reason?: Partial<ChannelReason>): Promise<void> {
  failed(await outcome(promise), code, what, reason)
}

/** As `fails`, of an outcome that is there. */
export function failed (result: Outcome, code: ErrorCode, what: string, reason: Partial<ChannelReason> = {}): void {
  if (!('error' in result)) {
    throw new ComplianceError(`${what}: wanted ${code}, received the result ${show(result.value)}`)
  }

  const { error } = result

  if (!isCoded(error, code)) {
    throw new ComplianceError(`${what}: wanted ${code}, received ${show(error)}`, { cause: error })
  }

  reasonIs((error as ChannelError).reason, reason, what)
}

export function reasonIs (actual: ChannelReason | undefined, expected: Partial<ChannelReason>, what: string): void {
  if (expected.code != null) {
    same(actual?.code, expected.code, `${what}, code of the reason`)
  }

  if (expected.message != null) {
    same(actual?.message, expected.message, `${what}, message of the reason`)
  }
}

/** Expects that a call throws, then and there. */
export function throws (call: () => unknown, code: ErrorCode, what: string): void {
  let result: Outcome

  try {
    result = { value: call() }
  } catch (error) {
    result = { error }
  }

  failed(result, code, what)
}

export type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** What comes of a promise; never rejects, so it may be waited for whenever it suits. */
export async function outcome (promise: Promise<unknown>): Promise<Outcome> {
  return promise.then((value) => ({ value }), (error: unknown) => ({ error }))
}
