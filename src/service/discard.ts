import { adoptByteStream, REASON_CODE } from '../channel/index.ts'
import type { Message } from './message.ts'
import type { ByteStreamLike, ReasonInput } from '../channel/index.ts'

/** Lets go of what a message carries that nobody will get: its channel is closed, its bytes are reset. Never throws. */
export function discard ({ ret, att }: Pick<Message, 'ret' | 'att'>, why = 'nobody takes it'): void {
  ret?.close().catch(() => {}) // not aborted: others may hold handles of it
  discardBytes(att, { code: REASON_CODE.cancelled, message: why })
}

/** Ends both directions at once. Never throws. */
export function discardBytes (att: ByteStreamLike | undefined, reason: ReasonInput): void {
  try {
    if (att != null) {
      adoptByteStream(att)?.stream.reset(reason)
    }
  } catch {
    // it has been moved, or somebody reads it
  }
}
