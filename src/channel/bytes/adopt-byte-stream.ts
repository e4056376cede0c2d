import { moved } from './byte-errors.ts'
import { LinkByteStream } from './link-byte-stream.ts'
import { isTaken, NodeLink } from './node-link.ts'
import { isNodeStream, sidesOf } from './node-stream.ts'
import { pumpByteStream, pumpWebStreams } from './pump-adapters.ts'
import { isByteStream } from './take-byte-stream.ts'
import type { WebStreams } from './pump-adapters.ts'
import type { ByteLink, ByteStream, StreamDirection } from '../contract/index.ts'

export interface AdoptedByteStream {
  readonly stream: ByteStream
  /** `readable` is something to read from, `writable` something to write to. */
  readonly direction: StreamDirection
}

/**
 * Makes a byte stream of what others call a stream: Node's Readable, Writable and Duplex, WHATWG streams
 * and pairs of them, streams of the swarm, and byte streams, which stay what they are. Undefined for
 * anything else.
 *
 * Nothing is touched before the result is first used, so that it may be thrown away. From then on it owns
 * `value`: its end ends a Writable, a reset destroys it, and a Readable is destroyed when nobody reads it
 * any more. `process.stdin`, `stdout` and `stderr` stay open in any case. Strings are sent as UTF-8. What
 * goes wrong beneath is a StreamReset with the reason `failed` and the message of the error; never an end.
 *
 * @throws CodedError ChannelMoved, StreamClosed for a stream that cannot be moved; TypeError for a
 * WHATWG stream that is locked
 */
export function adoptByteStream (value: object): AdoptedByteStream | undefined {
  if (value instanceof LinkByteStream) {
    value.assertMovable()

    return { stream: value, direction: value.direction }
  }

  if (isByteStream(value)) {
    return wrap(pumpByteStream(value), 'duplex')
  }

  if (isNodeStream(value)) {
    const sides = sidesOf(value)

    if (isTaken(value)) {
      throw moved()
    }

    return wrap(new NodeLink(value, sides), directionOf(sides.isReadable, sides.isWritable))
  }

  const web = webStreamsOf(value)

  if (web == null) {
    return undefined
  }

  assertUnlocked(web.readable)
  assertUnlocked(web.writable)

  return wrap(pumpWebStreams(web), directionOf(web.readable != null, web.writable != null))
}

function wrap (link: ByteLink, direction: StreamDirection): AdoptedByteStream {
  return { stream: new LinkByteStream(link, { direction, isLazy: true }), direction }
}

function directionOf (isReadable: boolean, isWritable: boolean): StreamDirection {
  if (isReadable && isWritable) {
    return 'duplex'
  }

  return isReadable ? 'readable' : 'writable'
}

function webStreamsOf (value: object): WebStreams | undefined {
  if (isReadableStream(value)) {
    return { readable: value }
  }

  if (isWritableStream(value)) {
    return { writable: value }
  }

  const { readable, writable } = value as { readable?: unknown, writable?: unknown }

  return isReadableStream(readable) && isWritableStream(writable) ? { readable, writable } : undefined
}

function isReadableStream (value: unknown): value is ReadableStream<unknown> {
  return hasMethod(value, 'getReader') && hasMethod(value, 'cancel')
}

function isWritableStream (value: unknown): value is WritableStream<Uint8Array> {
  return hasMethod(value, 'getWriter') && hasMethod(value, 'abort')
}

function hasMethod (value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[name] === 'function'
}

function assertUnlocked (stream: { readonly locked: boolean } | undefined): void {
  if (stream?.locked === true) {
    throw new TypeError('a WHATWG stream must not be locked when it is sent; release its reader or writer first, or do not pipe it')
  }
}
