import { raceSignal, toError } from '../base/index.ts'
import type { Context } from './command.ts'
import type { Stream } from '../index.ts'

export interface Traffic {
  /** Bytes from stdin to the stream. */
  readonly sent: number
  /** Bytes from the stream to stdout. */
  readonly received: number
}

/**
 * Joins a stream with stdin and stdout until both directions have ended. Each ends by itself: the
 * end of stdin ends our direction, and the peer may go on. When one fails, so does the other.
 */
export async function splice (stream: Stream, { stdin, stdout, signal }: Pick<Context, 'stdin' | 'stdout' | 'signal'>): Promise<Traffic> {
  const broken = new AbortController()
  const either = AbortSignal.any([signal, broken.signal])

  const fail = (error: unknown): never => {
    broken.abort(error)
    throw error
  }

  // nobody may be reading or writing when the peer resets the stream: stdin can be silent for hours
  stream.closed.then((error) => { error == null || broken.abort(error) }).catch(fail)

  try {
    const [sent, received] = await Promise.all([
      send(stdin, stream, either).catch(fail),
      receive(stream, stdout, either).catch(fail)
    ])

    await stream.close({ signal })

    return { sent, received }
  } catch (error) {
    stream.reset(toError(error))
    throw error
  }
}

async function send (source: AsyncIterable<Uint8Array>, stream: Stream, signal: AbortSignal): Promise<number> {
  const chunks = source[Symbol.asyncIterator]()
  let sent = 0

  for (;;) {
    const { done, value } = await raceSignal(chunks.next(), signal)

    if (done === true) {
      await stream.closeWrite({ signal })
      return sent
    }

    await stream.write(value, { signal })
    sent += value.byteLength
  }
}

async function receive (stream: Stream, sink: Context['stdout'], signal: AbortSignal): Promise<number> {
  let received = 0

  for (let chunk = await stream.read({ signal }); chunk != null; chunk = await stream.read({ signal })) {
    await sink.write(chunk)
    received += chunk.byteLength
  }

  return received
}
