import { adoptByteStream } from '../channel/index.ts'
import { callerOf, withCaller } from './caller.ts'
import { ServiceError } from './service-error.ts'
import { isVerb, VERB_NAMES } from './verb.ts'
import type { Verb } from './verb.ts'
import type { ByteStream, ByteStreamLike, Sender } from '../channel/index.ts'

/** What objects say to each other; the same in memory and on the wire. spec-service 3. */
export interface Message {
  readonly verb: Verb
  readonly args: readonly string[]
  /** Where answers go. Without it, none are wanted. In an answer: a reference to an object. */
  readonly ret?: Sender<Message> | undefined
  /** Bytes that come along. Streams of Node and WHATWG may be sent; a ByteStream is what arrives. */
  readonly att?: ByteStreamLike | undefined
  /** What a request says about itself: `META.timeoutMs`, trace context. */
  readonly meta?: Readonly<Record<string, string>> | undefined
}

/** A reference to an object: what is sent on it is handled there, in this process or in another. */
export type Reference = Sender<Message>

/** A message that has been checked, as handlers get it. */
export interface ReceivedMessage extends Message {
  readonly att?: ByteStream | undefined
}

/** Names in `meta`. */
export const META = {
  /** How long the caller waits from now on, in milliseconds, as a decimal number. */
  timeoutMs: 'timeout-ms',
  /** W3C Trace Context. */
  traceparent: 'traceparent'
} as const

/** Of one message. */
export const MESSAGE_LIMITS = Object.freeze({
  maxArgs: 4096,
  maxMetaEntries: 64
})

/**
 * What arrived, if it is a message.
 *
 * @throws ServiceError InvalidMessage saying which field is wrong and what came
 */
export function toMessage (value: unknown): ReceivedMessage {
  if (value == null || typeof value !== 'object') {
    throw invalid('a message', value)
  }

  const { verb, args = [], ret, att, meta } = value as Partial<Message>

  if (!isVerb(verb)) {
    throw invalid(`a verb from 0 (ack) to ${VERB_NAMES.length - 1} (watch)`, verb)
  }

  if (!Array.isArray(args) || args.length > MESSAGE_LIMITS.maxArgs || !args.every((arg) => typeof arg === 'string')) {
    throw invalid(`args to be a list of at most ${MESSAGE_LIMITS.maxArgs} strings`, args)
  }

  if (ret != null && typeof ret.send !== 'function') {
    throw invalid('ret to be the sender of a channel', ret)
  }

  if (meta != null && !isMeta(meta)) {
    throw invalid(`meta to be a map of at most ${MESSAGE_LIMITS.maxMetaEntries} strings`, meta)
  }

  const message: ReceivedMessage = { verb, args, ret, meta, att: att == null ? undefined : toByteStream(att) }
  const caller = callerOf(value)

  // no other field: it might carry channels, which only one can get
  return caller == null ? message : withCaller(message, caller)
}

function toByteStream (att: ByteStreamLike): ByteStream {
  const adopted = typeof att === 'object' ? adoptByteStream(att) : undefined

  if (adopted == null) {
    throw invalid('att to be a byte stream', att)
  }

  return adopted.stream
}

function isMeta (meta: unknown): boolean {
  if (typeof meta !== 'object' || meta == null) {
    return false
  }

  const values = Object.values(meta)

  return values.length <= MESSAGE_LIMITS.maxMetaEntries && values.every((value) => typeof value === 'string')
}

function invalid (wanted: string, received: unknown): ServiceError {
  return new ServiceError('InvalidMessage', `wanted ${wanted}, received ${describe(received)}`)
}

function describe (value: unknown): string {
  if (Array.isArray(value)) {
    return `a list of ${value.length}`
  }

  return typeof value === 'object' && value != null ? 'a map' : String(value)
}
