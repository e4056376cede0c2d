import { LinkByteStream } from './link-byte-stream.ts'
import { pumpByteStream } from './pump-adapters.ts'
import type { ByteLink, ByteStream } from '../contract/index.ts'

/**
 * Moves a byte stream: the result goes on where `stream` stopped, with the bytes that nobody has read, and
 * may do what `stream` still might. `stream` is of no use afterwards; calls that wait on it, and later
 * ones, fail with ChannelMoved.
 *
 * @throws CodedError ChannelMoved when it has been moved before; StreamClosed when it was reset, or both
 * directions have ended on this side
 */
export function takeByteStream (stream: ByteStream): ByteStream {
  if (!(stream instanceof LinkByteStream)) {
    return new LinkByteStream(takeLink(stream))
  }

  const { direction } = stream

  return new LinkByteStream(stream.release(), { direction })
}

/** What is behind a byte stream, to be attached to in the same turn. @throws as `takeByteStream` */
export function takeLink (stream: ByteStream): ByteLink {
  return stream instanceof LinkByteStream ? stream.release() : pumpByteStream(stream)
}

/** Whether a value has all that a byte stream has, be it ours or not. */
export function isByteStream (value: unknown): value is ByteStream {
  if (value instanceof LinkByteStream) {
    return true
  }

  return typeof value === 'object' && value !== null && METHODS.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}

const METHODS = ['read', 'write', 'end', 'closeWrite', 'closeRead', 'close', 'reset', 'bytes', 'text'] as const
