import { adoptByteStream } from './adopt-byte-stream.ts'
import { joinLinks } from './join-byte-streams.ts'
import { LinkByteStream } from './link-byte-stream.ts'
import { memoryLinkPair } from './memory-link.ts'
import { takeLink } from './take-byte-stream.ts'
import type { ByteStream, ByteStreamLike } from '../contract/index.ts'

/**
 * The same bytes, until `signal` aborts: then both sides are reset with its reason, also when the result has been sent to
 * somebody. Back-pressure, ends and resets pass through as they are. `value` is moved.
 *
 * `onEnd` is called when both directions have ended, however they did.
 *
 * @throws TypeError for what streams no bytes; as `adoptByteStream`
 */
export function severable (value: ByteStreamLike, signal: AbortSignal, onEnd: () => void = () => {}): ByteStream {
  const adopted = adoptByteStream(value)

  if (adopted == null) {
    throw new TypeError(`wanted a byte stream, received ${String(value)}`)
  }

  const { stream, direction } = adopted
  const [near, far] = memoryLinkPair()
  const same = new LinkByteStream(far, { direction }) // first, so that it hears of an end that comes at once

  void joinLinks(takeLink(stream), near, direction, signal).then(onEnd)

  return same
}
