import { LinkByteStream } from '../bytes/index.ts'
import { REASON_CODE } from '../contract/index.ts'
import { isReceiver, isSender } from '../pipe/index.ts'

const UNCLAIMED = Object.freeze({ code: REASON_CODE.unclaimed, message: 'its message could not be delivered' })

/** Ends what a decoded message refers to, which nobody will get; spec-channel 8.7. */
export function discardMessage (value: unknown): void {
  if (typeof value !== 'object' || value == null || ArrayBuffer.isView(value)) {
    return
  }

  try {
    if (isSender(value)) {
      value.abort(UNCLAIMED)
    } else if (isReceiver(value)) {
      value.cancel(UNCLAIMED)
    } else if (value instanceof LinkByteStream) {
      value.reset(UNCLAIMED)
    } else {
      Object.values(value).forEach(discardMessage)
    }
  } catch {
    // it has moved on: its new owner ends it
  }
}
