import { toReasonInput } from './byte-errors.ts'
import type { ByteStream } from '../contract/index.ts'

/**
 * WHATWG streams over a byte stream. Neither keeps a queue of its own: back-pressure is that of the
 * stream beneath.
 */

export function toReadable (stream: ByteStream): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: 'bytes',
    async pull (controller) {
      const chunk = await stream.read()

      if (chunk == null) {
        controller.close()
        // a read into memory of the reader's own is answered only so
        controller.byobRequest?.respond(0)
      } else {
        // copied, as the controller takes the whole buffer away from everybody else
        controller.enqueue(new Uint8Array(chunk))
      }
    },
    cancel (reason) {
      stream.closeRead(toReasonInput(reason))
    }
  }, { highWaterMark: 0 })
}

export function toWritable (stream: ByteStream): WritableStream<Uint8Array> {
  // calls that wait are ended by an abort: WHATWG streams wait for them before they tell of it
  let signal: AbortSignal | undefined

  return new WritableStream<Uint8Array>({
    start (controller) {
      signal = controller.signal

      // who writes nothing for a while, as a pipe whose source is idle, is told all the same
      stream.closed.then((error) => {
        if (error != null) {
          controller.error(error)
        }
      }, () => {})
    },
    async write (chunk) {
      await stream.write(chunk, { signal })
    },
    async close () {
      await stream.end(undefined, { signal })
    },
    abort (reason) {
      stream.reset(toReasonInput(reason))
    }
  }, { highWaterMark: 1 })
}
