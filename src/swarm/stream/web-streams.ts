import { toError } from '../../base/index.ts'
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
  // calls that wait are ended by an abort: WHATWG streams wait for them before they tell of it
  let signal: AbortSignal | undefined

  return new WritableStream({
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
      await stream.closeWrite({ signal })
    },
    abort (reason) {
      stream.reset(toError(reason))
    }
  }, { highWaterMark: 1 })
}
