import { describe, expect, it, onTestFinished } from 'vitest'
import { connect, listen, pipe } from '../../src/channel/index.ts'
import { eventually, turns } from '../support/settle.ts'
import { until } from '../support/until.ts'
import { failure } from './failure.ts'
import type { Listener, ListenOptions, Sender, Session } from '../../src/channel/index.ts'

interface Question { n: number, answer: Sender<number> }

/** Doubles what it is sent. */
async function double (session: Session): Promise<void> {
  for await (const { n, answer } of await session.waitReceiveChannel<Question>()) {
    await answer.send(n * 2)
    await answer.close()
  }
}

async function ask (session: Session, n: number): Promise<number | void> {
  const [answers, answer] = pipe<number>()
  const questions = session.newSendChannel<Question>()

  await questions.send({ n, answer })
  await questions.close()

  return (await answers.receive()).value
}

interface Served { listener: Listener, sessions: Session[] }

async function serve (url: string, onSession: (session: Session) => void | Promise<void> = double, options?: ListenOptions): Promise<Served> {
  const sessions: Session[] = []
  const listener = await listen(url, async (session) => {
    sessions.push(session)
    await onSession(session)
  }, options)

  onTestFinished(async () => { await listener.close() })

  return { listener, sessions }
}

describe.each(['tcp://127.0.0.1:0', 'tcp://[::1]:0', 'memory:doubling', 'memory:'])('listen at %s', (url) => {
  it('gives sessions that carry channels', async () => {
    const { listener, sessions } = await serve(url)

    await using session = await connect(listener.url)

    expect(await ask(session, 21)).toBe(42)
    expect(session).toMatchObject({ transport: url.split(':')[0], remoteAddress: listener.url, isInitiator: true })
    expect(sessions).toMatchObject([{ isInitiator: false }])
  })

  it('closes its sessions when it is closed, and accepts no more', async () => {
    const { listener, sessions } = await serve(url, () => {})
    await using session = await connect(listener.url)
    await eventually(() => sessions.length === 1)

    await listener.close()
    await listener.close()

    expect(await session.closed).toEqual({ by: 'them' })
    expect(await sessions[0]?.closed).toEqual({ by: 'us' })
    expect(await listener.closed).toBeUndefined()
    expect(await failure(connect(listener.url))).toMatchObject({ code: 'ConnectFailed' })
  })

  it('aborts a session whose taker throws or rejects, and goes on', async () => {
    const error = new Error('no')
    let count = 0
    const { listener, sessions } = await serve(url, () => {
      count++

      if (count === 1) {
        throw error
      }

      return count === 2 ? Promise.reject(error) : undefined
    })

    for (let tries = 0; tries < 2; tries++) {
      await using session = await connect(listener.url)
      expect(await session.closed).toMatchObject({ by: 'loss', error: { code: 'ConnectionLost' } })
    }

    await using session = await connect(listener.url)
    await until(() => sessions.length === 3)

    expect(await Promise.all(sessions.slice(0, 2).map(async ({ closed }) => closed))).toMatchObject([{ error }, { error }])
    expect(session.signal.aborted).toBe(false)
  })

  it('hangs up on more sessions than allowed, until one ends', async () => {
    const { listener, sessions } = await serve(url, () => {}, { maxSessions: 1 })
    await using first = await connect(listener.url)
    await until(() => sessions.length === 1)

    await using second = await connect(listener.url)
    expect(await second.closed).toMatchObject({ by: 'loss' })
    await first.close()
    await sessions[0]?.closed
    await using third = await connect(listener.url)
    await until(() => sessions.length === 2)

    expect(third.signal.aborted).toBe(false)
  })
})

describe('listen', () => {
  it('aborts what does not close in the time of the signal', async () => {
    const { listener, sessions } = await serve('tcp://127.0.0.1:0', () => {})
    await using session = await connect(listener.url)
    await until(() => sessions.length === 1)
    const stalled = sessions[0]?.newSendChannel<Uint8Array>()
    const sending = failure((async () => {
      for (;;) {
        await stalled?.send(new Uint8Array(100_000)) // nobody receives, so it comes to wait
      }
    })())
    await turns(100)
    const controller = new AbortController()
    const reason = new Error('no time')

    const closing = failure(listener.close({ signal: controller.signal }))
    await turns(20)
    controller.abort(reason)

    expect(await closing).toBe(reason)
    expect(await sending).toBeInstanceOf(Error)
    expect(await session.closed).toMatchObject({ by: 'loss' })
  })

  it('ends with its scope', async () => {
    let url: string

    {
      await using listener = await listen('tcp://127.0.0.1:0', () => {})
      url = listener.url
    }

    expect(await failure(connect(url))).toMatchObject({ code: 'ConnectFailed' })
  })

  it.each([
    ['maxSessions', { maxSessions: 0 }, 'maxSessions must be 1 or more, received 0'],
    ['handshakeTimeoutMs', { handshakeTimeoutMs: 0 }, 'handshakeTimeoutMs must be a number of milliseconds, 1 or more, received 0'],
    ['keepAliveIntervalMs', { keepAliveIntervalMs: -1 }, 'keepAliveIntervalMs must be a number of milliseconds, 0 or more, received -1'],
    ['keepAliveTimeoutMs', { keepAliveTimeoutMs: NaN }, 'keepAliveTimeoutMs must be'],
    ['a limit', { limits: { maxDepth: -1 } }, 'limits.maxDepth must be']
  ])('refuses %s that makes no sense', async (_, options, why) => {
    const error = await failure(listen('tcp://127.0.0.1:0', () => {}, options))

    expect(error).toBeInstanceOf(RangeError)
    expect((error as Error).message).toContain(why)
  })

  it('needs somebody who takes sessions', async () => {
    expect(await failure(listen('memory:', undefined as never))).toBeInstanceOf(TypeError)
  })

  it('takes undefined for an option that was not given', async () => {
    await using listener = await listen('memory:', () => {}, { maxSessions: undefined, clock: undefined, limits: { maxDepth: undefined } as never })

    expect(listener.url).toMatch(/^memory:unnamed-\d+$/)
  })
})
