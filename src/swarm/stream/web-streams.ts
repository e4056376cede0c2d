import { toError, toWritableStream } from '../../base/index.ts'
import type { Stream } from '../contract/stream.ts'

/**
 * WHATWG streams over a stream of ours. Neither keeps a queue of its own: back-pressure is that of
 * the stream beneath.
 */

export function toReadable (stream: Stream): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull (controller) {
      const chunk = await stream.read()

      if (chunk == null) {
        controller.close()
      } else {
        controller.enqueue(chunk)
      }
    },
    async cancel () {
      await stream.closeRead()
    }
  }, { highWaterMark: 0 })
}

export function toWritable (stream: Stream): WritableStream<Uint8Array> {
  return toWritableStream({
    closed: stream.closed,
    write: (chunk, options) => stream.write(chunk, options),
    end: (options) => stream.closeWrite(options),
    abort: (reason) => { stream.reset(toError(reason)) }
  })
}
