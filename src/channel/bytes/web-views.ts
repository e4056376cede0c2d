import { toWritableStream } from '../../base/index.ts'
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
  return toWritableStream({
    closed: stream.closed,
    write: (chunk, options) => stream.write(chunk, options),
    end: (options) => stream.end(undefined, options),
    abort: (reason) => { stream.reset(toReasonInput(reason)) }
  })
}
