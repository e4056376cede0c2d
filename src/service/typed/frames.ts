import { CodedError, toError } from '../../base/index.ts'
import { META } from '../message.ts'

/** The protocol, as `attach` asks for it; spec-service 7. */
export const RPC = 'rpc/1'

/** First element of a list from the caller. */
export const CALL = 0
export const CANCEL = 1

/** First element of a list from the service. */
export const RESULT = 0
export const FAILURE = 1

/**
 * With this reason a sequence is aborted when what gives it has failed; the message is the error's args as JSON.
 * The first code that belongs to applications.
 */
export const SEQUENCE_FAILED = 256

export const RPC_LIMITS = Object.freeze({
  /** Calls of one attachment that are not answered; more wait in the client, or hold up the channel. */
  maxOpenCalls: 1024,
  /** Calls that wait in a client; more are refused. */
  maxWaitingCalls: 16_384,
  /** Sequences that a service sends at a time for one attachment; more are refused. */
  maxOpenSequences: 1024,
  /** Entries of `meta`. */
  maxMetaEntries: 64,
  /** Of the lists of either direction, when the other side is in the same process. */
  bufferedFrames: 256
})

/** A list that nobody following spec-service 7 sends. */
export function violation (wanted: string, received: unknown): CodedError {
  return new CodedError('ProtocolViolation', `wanted ${wanted}, received ${describe(received)}`)
}

function describe (value: unknown): string {
  if (Array.isArray(value)) {
    return `a list of ${value.length}`
  }

  return typeof value === 'object' && value != null ? 'an object' : String(value).slice(0, 64)
}

export function isId (value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

/** What a call says about itself; how long its caller waits is a number of milliseconds. */
export function isMeta (meta: unknown): meta is Readonly<Record<string, string>> {
  if (typeof meta !== 'object' || meta == null || Array.isArray(meta)) {
    return false
  }

  const values = Object.values(meta)
  const timeout: unknown = Object.hasOwn(meta, META.timeoutMs) ? (meta as Record<string, unknown>)[META.timeoutMs] : '0'

  return values.length <= RPC_LIMITS.maxMetaEntries && values.every((value) => typeof value === 'string') && String(timeout).trim() !== '' && Number(timeout) >= 0
}

/** What the channels of a typed service carry, among channels that began with messages. */
export type Frame = readonly unknown[]

export function isFrame<T> (received: T): received is T & Frame {
  return Array.isArray(received)
}

/** In place of a call or a result that cannot be sent on, for the caller: the others go on. */
export function unsent ([, id]: Frame, error: unknown): Frame {
  return [FAILURE, id, 'ServiceFailed', `it cannot be sent on: ${toError(error).message}`]
}
