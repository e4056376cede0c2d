import { once } from 'node:events'
import { after, toError } from '../../base/index.ts'
import { unavailable } from './engine-error.ts'
import type { EngineRequest } from './request-text.ts'
import type { Clock } from '../../base/index.ts'
import type { ByteStream } from '../../channel/index.ts'
import type { ClientRequest } from 'node:http'
import type { Writable } from 'node:stream'

/** How long an engine may take to say whether it wants a body; then it is sent. RFC 9110 §10.1.1 */
export const CONTINUE_TIMEOUT_MS = 1000

/** Sends the body of a request. A byte stream that is cut off is no end: it breaks the request. @throws ServiceError Unavailable for that */
export async function sendBody (outgoing: ClientRequest, body: EngineRequest['body'], clock: Clock): Promise<void> {
  if (body == null || typeof body === 'string') {
    outgoing.end(body)

    return
  }

  const isWanted = await untilWanted(outgoing, clock)

  try {
    if (isWanted) {
      await pour(body, outgoing)
      outgoing.end()
    }
  } catch (thrown) {
    outgoing.destroy(toError(thrown))
    throw unavailable(`what was to be sent to the engine was cut off: ${toError(thrown).message}`, thrown)
  } finally {
    body.closeRead('the engine reads no more of it')
  }
}

/** Whether the engine waits for the body, rather than having answered without it. */
async function untilWanted (outgoing: ClientRequest, clock: Clock): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = after(clock, CONTINUE_TIMEOUT_MS, () => { resolve(true) })

  outgoing.once('continue', () => { resolve(true) })
    .once('response', () => { resolve(false) })
    .once('close', () => { resolve(false) })
  outgoing.flushHeaders()

  try {
    return await promise
  } finally {
    timer[Symbol.dispose]()
  }
}

/**
 * All of a byte stream, up to its end, at the pace of `to`, which stays open; less when `to` takes no more. Before each write,
 * `untilReady` is waited for.
 *
 * @throws as `ByteStream.read`
 */
export async function pour (from: ByteStream, to: Writable, untilReady?: () => Promise<void>): Promise<void> {
  const closed = new AbortController()
  const onClose = (): void => { closed.abort() }

  to.once('close', onClose)

  try {
    while (!closed.signal.aborted && !to.destroyed) {
      const bytes = await from.read({ signal: closed.signal })

      if (bytes == null) {
        return
      }

      await untilReady?.()

      if (!to.write(bytes) && !to.destroyed) {
        await once(to, 'drain', { signal: closed.signal })
      }
    }
  } catch (thrown) {
    if (!closed.signal.aborted && !to.destroyed) {
      throw thrown
    }
  } finally {
    to.off('close', onClose)
  }
}
