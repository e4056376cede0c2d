import { CodedError } from '../../base/index.ts'
import { HEADER } from '../contract/index.ts'
import type { Place } from './open-stream.ts'
import type { StreamHeaders } from '../contract/index.ts'

export interface ParsedHeaders extends Place {
  readonly codec: string
}

export const DEFAULT_CODEC = 'msgpack'

/** spec-channel 3.1 */
export function formatHeaders ({ ref, parent, codec, continues }: ParsedHeaders): StreamHeaders {
  const headers: Record<string, string> = { [HEADER.ref]: String(ref) }

  if (parent !== 0) {
    headers[HEADER.parent] = String(parent)
  }

  if (codec !== DEFAULT_CODEC) {
    headers[HEADER.codec] = codec
  }

  if (continues != null) {
    headers[HEADER.continues] = String(continues)
  }

  return headers
}

/** @throws CodedError ProtocolViolation naming the header */
export function parseHeaders (headers: StreamHeaders): ParsedHeaders {
  const continues = headers[HEADER.continues]

  return {
    ref: parseNumber(HEADER.ref, headers[HEADER.ref], 1),
    parent: parseNumber(HEADER.parent, headers[HEADER.parent] ?? '0', 0),
    codec: headers[HEADER.codec] ?? DEFAULT_CODEC,
    continues: continues == null ? undefined : parseNumber(HEADER.continues, continues, 1)
  }
}

function parseNumber (name: string, text: string | undefined, least: number): number {
  const value = text != null && /^\d{1,16}$/.test(text) ? Number(text) : NaN

  if (!Number.isSafeInteger(value) || value < least) {
    throw new CodedError('ProtocolViolation', `the header ${name} must be a number from ${least} to 2^53 - 1, received ${text == null ? 'none' : JSON.stringify(text.slice(0, 32))}`)
  }

  return value
}
