import { isCoded, pause, raceSignal } from '../../base/index.ts'
import { connect } from '../../channel/index.ts'
import { ServiceError, task } from '../../service/index.ts'
import { passOn } from '../pass-on.ts'
import { untilUnheard } from '../until-unheard.ts'
import { refuseChannels } from './refuse-channels.ts'
import type { Operands } from './operands.ts'
import type { Clock } from '../../base/index.ts'
import type { Session, SessionEnd } from '../../channel/index.ts'
import type { Message, Service, SpawnContext } from '../../service/index.ts'

/** How often the last open streams of a session are looked for, first and at most. In milliseconds. */
export const IDLE_CHECK_MS = Object.freeze({ first: 5, most: 250 })

/**
 * A stage that passes all that comes to the root object of who listens at a URL; spec-service 8. It is connected before
 * it is given out.
 *
 * @throws ServiceError Unavailable when nobody answers there
 */
export async function connectStage ({ url, tls }: Operands, { call, host: { clock } }: SpawnContext): Promise<Service> {
  const session = await open(url, { tls, clock, signal: call.signal })
  const name = session.remoteAddress

  const run = task(async (context) => {
    try {
      return await untilUnheard(context, async (signal) => {
        const lost = session.closed.then((end) => { throw lostError(name, end) })

        lost.catch(() => {}) // it also comes when we have closed it

        await raceSignal(Promise.race([passOn(context, session.newSendChannel<Message>(), name), lost]), signal)
        await raceSignal(Promise.race([untilIdle(session, clock, signal), lost]), signal)
        await session.close({ signal })
      })
    } finally {
      session.abort(new ServiceError('CallCancelled', `the stage that connected to ${name} has ended`))
    }
  }, { name, clock })

  void refuseChannels(session)

  return {
    handle: run.handle,
    close: async () => {
      await run.close()
      session.abort(new ServiceError('CallCancelled', `nobody uses the connection to ${name} any more`)) // it may never have been started
    }
  }
}

async function open (url: string, options: { tls: Operands['tls'], clock: Clock, signal: AbortSignal }): Promise<Session> {
  try {
    return await connect(url, options)
  } catch (thrown) {
    throw isCoded(thrown, 'ConnectFailed') || isCoded(thrown, 'ProtocolViolation') || isCoded(thrown, 'ConnectionLost')
      ? new ServiceError('Unavailable', thrown.message, { cause: thrown })
      : thrown
  }
}

/**
 * Until nothing is open any more: bytes that were given to the other side are read at its pace, and answers last
 * for as long as somebody wants them. Who closes before cuts them off.
 */
async function untilIdle (session: Session, clock: Clock, signal: AbortSignal): Promise<void> {
  let waitMs: number = IDLE_CHECK_MS.first

  while (isBusy(session)) {
    await pause(clock, waitMs, AbortSignal.any([signal, session.signal]))
    waitMs = Math.min(waitMs * 2, IDLE_CHECK_MS.most)
  }
}

function isBusy (session: Session): boolean {
  const { opened, accepted } = session.stat()

  return opened + accepted > 0
}

function lostError (name: string, { by, error }: SessionEnd): ServiceError {
  const how = by === 'them' ? `${name} closed the connection` : `lost ${name}`

  return new ServiceError('Unavailable', error == null ? how : `${how}: ${error.message}`, { cause: error })
}
