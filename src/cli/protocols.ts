import { Deadline, toError } from '../base/index.ts'
import { ReplyTimeout } from './failure.ts'
import type { Clock } from '../base/index.ts'
import type { Stream } from '../index.ts'

/** https://github.com/libp2p/specs/blob/master/ping/ping.md */
export const PING_PROTOCOL = '/ipfs/ping/1.0.0'
export const PING_BYTES = 32

export const ECHO_PROTOCOL = '/echo/1.0.0'

/** Sends back what comes until it ends: all that the servers of both protocols have to do. */
export async function echo (stream: Stream): Promise<void> {
  await stream.pipeTo(stream)
}

export interface PingerInit {
  clock: Clock
  /** For one answer. */
  timeoutMs: number
  open (signal: AbortSignal): Promise<Stream>
}

/** Measures how long bytes take to a peer and back, over one stream for as long as it lasts. */
export class Pinger {
  readonly #init: PingerInit
  #stream: Stream | undefined

  constructor (init: PingerInit) {
    this.#init = init
  }

  /**
   * The time of one round trip, in milliseconds. The first one opens the stream, which does not count.
   *
   * @throws ReplyTimeout, and what opening, reading and writing a stream throws
   */
  async ping (signal: AbortSignal): Promise<number> {
    const { clock, timeoutMs, open } = this.#init

    using deadline = new Deadline({ clock, timeoutMs, signal, onTimeout: () => new ReplyTimeout('the reply to a ping', timeoutMs) })

    try {
      this.#stream ??= await open(deadline.signal)

      return await roundTrip(this.#stream, clock, deadline.signal)
    } catch (error) {
      // a late answer must not be taken for that of the next ping
      this.#stream?.reset(toError(error))
      this.#stream = undefined
      throw error
    }
  }

  async close (): Promise<void> {
    await this.#stream?.close()
  }
}

async function roundTrip (stream: Stream, clock: Clock, signal: AbortSignal): Promise<number> {
  const sent = crypto.getRandomValues(new Uint8Array(PING_BYTES))
  const startedAt = clock.now()

  await stream.write(sent, { signal })

  const answer = await readAnswer(stream, signal)
  const durationMs = clock.now() - startedAt

  if (Buffer.compare(sent, answer) !== 0) {
    throw new Error('the peer answered a ping with other bytes than it was sent')
  }

  return durationMs
}

async function readAnswer (stream: Stream, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0

  while (length < PING_BYTES) {
    const chunk = await stream.read({ signal })

    if (chunk == null) {
      throw new Error(`the peer ended the stream after ${length} of ${PING_BYTES} bytes`)
    }

    chunks.push(chunk)
    length += chunk.byteLength
  }

  return Buffer.concat(chunks)
}
