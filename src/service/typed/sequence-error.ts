import { isCoded } from '../../base/index.ts'
import { MAX_REASON_BYTES } from '../../channel/index.ts'
import { fromErrorArgs, toErrorArgs } from '../service-error.ts'
import { SEQUENCE_FAILED } from './frames.ts'
import type { ServiceError } from '../service-error.ts'

/** In UTF-16 units; the reason of an abort holds 1,024 bytes of UTF-8. */
const MAX_TEXT = 256

interface Reason {
  readonly code: number
  readonly message: string
}

/** Why a sequence ends early, as the channel can say it: with code, message, and data if that is short. */
export function toSequenceReason (thrown: unknown): Reason {
  const [code = '', message = '', data] = toErrorArgs(thrown)
  const short = [code.slice(0, MAX_TEXT), message.slice(0, MAX_TEXT)]
  const full = JSON.stringify(data == null ? short : [...short, data])

  return { code: SEQUENCE_FAILED, message: new TextEncoder().encode(full).byteLength <= MAX_REASON_BYTES ? full : JSON.stringify(short) }
}

/** What a sequence failed with, if it was the service that failed; else the error of the channel. */
export function fromSequenceError (error: unknown): unknown {
  const reason = isCoded(error, 'ChannelAborted') ? (error as { reason?: Reason }).reason : undefined

  return reason?.code === SEQUENCE_FAILED ? parse(reason.message, error) ?? error : error
}

function parse (text: string, cause: unknown): ServiceError | undefined {
  try {
    const args: unknown = JSON.parse(text)

    if (Array.isArray(args) && args.every((arg) => typeof arg === 'string')) {
      return Object.assign(fromErrorArgs(args), { cause })
    }
  } catch {
    // it was cut, or is somebody else's code 256
  }

  return undefined
}
