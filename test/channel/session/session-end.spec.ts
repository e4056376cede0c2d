import { describe, expect, it } from 'vitest'
import { memoryProviders } from '../../../src/channel/providers/index.ts'
import { createSession } from '../../../src/channel/session/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { sessionPair } from './session-pair.ts'
import type { SessionPair } from './session-pair.ts'
import type { ByteStream, Receiver, Sender, Session } from '../../../src/channel/contract/index.ts'

const EMPTY = { opened: 0, accepted: 0, unclaimed: 0, pending: 0 }

interface Busy extends SessionPair {
  /** What fails when the session ends, by what it is. */
  pending: Record<string, Promise<unknown>>
  unread: Receiver<unknown>
}

/** Something of everything under way. */
async function busy (): Promise<Busy> {
  const pair = sessionPair({ bufferBytes: 100, limits: { sendBufferBytes: 10, receiveBufferBytes: 10 } })
  const { a, b } = pair
  const [idle, full] = [a.newSendChannel(), a.newSendChannel()]
  const [answers, reply] = a.createNestedReceiver()
  const [bytes, remoteBytes] = a.createByteStream()

  await full.send('first')
  await idle.send({ reply, bytes: remoteBytes })

  const receiver = await b.waitReceiveChannel<{ reply: Sender<unknown>, bytes: ByteStream }>()
  const unread = await b.waitReceiveChannel()
  const { value } = await receiver.receive()

  while (full.trySend('x'.repeat(50))) {
    await settle()
  }

  const pending = {
    send: full.send('too late'),
    receive: receiver.receive(),
    nested: answers.receive(),
    reading: bytes.read(),
    readingThere: value?.bytes.read() ?? Promise.resolve(),
    waitingThere: b.waitReceiveChannel().then(() => b.waitReceiveChannel()),
    waiting: a.waitReceiveChannel()
  }

  for (const promise of Object.values(pending)) {
    promise.catch(() => {})
  }

  b.createNestedSender()
  a.newSendChannel()
  await settle()

  return { ...pair, pending, unread }
}

async function assertAllFail ({ pending }: Busy, code: string): Promise<void> {
  for (const [what, promise] of Object.entries(pending)) {
    const outcome = await promise.then(() => 'done', (error: { code: string }) => error.code)

    expect({ what, outcome }).toEqual({ what, outcome: code })
  }
}

async function assertNothingLeft ({ a, b, clock }: SessionPair): Promise<void> {
  await settle()

  expect([a.stat(), b.stat()]).toEqual([EMPTY, EMPTY])
  expect(clock.pending).toBe(0)
}

// spec-channel 2.5
describe('closing a session with everything under way', () => {
  it('ends all of it with SessionClosed on both sides', async () => {
    const scene = await busy()

    await scene.a.close()
    await settle()
    await assertAllFail(scene, 'SessionClosed')
    await assertNothingLeft(scene)
  })

  it('gives what had arrived before the error', async () => {
    const scene = await busy()

    await scene.a.close()

    expect((await scene.unread.receive()).value).toBe('first')

    const rest = async (): Promise<void> => {
      while ((await scene.unread.receive()).done !== true) {
        // up to the error
      }
    }

    await expect(rest()).rejects.toMatchObject({ code: 'SessionClosed' })
    expect(await scene.unread.closed).toMatchObject({ how: 'lost', error: { code: 'SessionClosed' } })
  })

  it('says who closed it', async () => {
    const { a, b } = await busy()

    await Promise.all([a.close(), a.close()])

    expect(await a.closed).toEqual({ by: 'us' })
    expect(await b.closed).toEqual({ by: 'them' })
    expect([a.signal.reason, b.signal.reason]).toMatchObject([{ code: 'SessionClosed' }, { code: 'SessionClosed' }])
  })

  it('leaves nothing to be opened', async () => {
    const { a, b } = await busy()

    await a.close()
    await settle()

    for (const session of [a, b]) {
      expect(() => session.newSendChannel()).toThrow(expect.objectContaining({ code: 'SessionClosed' }))
      await expect(session.waitReceiveChannel()).rejects.toMatchObject({ code: 'SessionClosed' })
    }
  })

  it('aborts it when the signal has aborted', async () => {
    const { a, b } = await busy()
    const reason = new Error('no time')

    await expect(a.close({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(await a.closed).toMatchObject({ by: 'us' })
    expect(await b.closed).toMatchObject({ by: 'loss', error: { code: 'ConnectionLost' } })
  })
})

describe('losing a session with everything under way', () => {
  it('ends all of it with ConnectionLost, and with the error where it was aborted', async () => {
    const scene = await busy()

    scene.a.abort(new Error('enough'))
    await settle()

    for (const name of ['readingThere', 'receive', 'waitingThere']) {
      await expect(scene.pending[name]).rejects.toMatchObject({ code: 'ConnectionLost' })
    }

    for (const name of ['send', 'nested', 'reading', 'waiting']) {
      await expect(scene.pending[name]).rejects.toThrow('enough')
    }

    expect(await scene.a.closed).toMatchObject({ by: 'us', error: { message: 'enough' } })
    expect(await scene.b.closed).toMatchObject({ by: 'loss', error: { code: 'ConnectionLost' } })
    await assertNothingLeft(scene)
  })

  it('is SessionClosed where it was aborted without an error', async () => {
    const { a } = await busy()

    a.abort()
    a.abort()
    await a.close()

    expect(() => a.newSendChannel()).toThrow(expect.objectContaining({ code: 'SessionClosed' }))
  })
})

// spec-channel 2.6
describe('before a session closes', () => {
  it('what was sent leaves, also what nobody has accepted yet', async () => {
    const { a, b } = sessionPair()
    const [open, closed] = [a.newSendChannel(), a.newSendChannel()]
    const [, remote] = a.createByteStream()

    await open.send({ remote })
    await closed.send(2)
    await closed.close()
    await a.close()
    await b.closed

    const [first, second] = [await b.waitReceiveChannel<{ remote: ByteStream }>(), await b.waitReceiveChannel()]

    expect((await first.receive()).value?.remote).toBeDefined()
    await expect(first.receive()).rejects.toMatchObject({ code: 'SessionClosed' })
    expect(await second.receive()).toEqual({ done: false, value: 2 })
    expect(await second.receive()).toEqual({ done: true, value: undefined })
    await expect(b.waitReceiveChannel()).rejects.toMatchObject({ code: 'SessionClosed' })
  })

  it('nothing more is taken', async () => {
    const { a } = sessionPair()
    const sender = a.newSendChannel()
    const closing = a.close()

    await expect(sender.send(1)).rejects.toMatchObject({ code: 'SessionClosed' })
    expect(() => a.newSendChannel()).toThrow(expect.objectContaining({ code: 'SessionClosed' }))
    await closing
    expect(await sender.closed).toMatchObject({ how: 'lost', error: { code: 'SessionClosed' } })
  })
})

describe('what was made for a session to be sent', () => {
  it.each(['close', 'abort'] as const)('ends with it where somebody waits (%s)', async (how) => {
    const { a } = sessionPair()
    const [sender, remoteReceiver] = a.createNestedSender()
    const [receiver, remoteSender] = a.createNestedReceiver()
    const [bytes] = a.createByteStream()
    const waiting = [sender.send(1), receiver.receive(), bytes.read(), sender.close()]
    const ended = Promise.allSettled(waiting)

    await a[how]()

    expect((await ended).slice(0, 3)).toMatchObject(Array(3).fill({ status: 'rejected', reason: { code: 'SessionClosed' } }))
    expect(await receiver.closed).toMatchObject({ how: 'lost' })
    // the other ends learn of it, if they are used at all
    await expect(remoteSender.send(1)).rejects.toMatchObject({ code: 'ChannelCancelled', reason: { code: 11 } })
    await expect(remoteReceiver.receive()).rejects.toMatchObject({ code: 'ChannelAborted', reason: { code: 11 } })
  })

  it('fails when it is used for the first time afterwards', async () => {
    const { a } = sessionPair()
    const [sender] = a.createNestedSender()
    const [receiver] = a.createNestedReceiver()

    await a.close()

    await expect(sender.send(1)).rejects.toMatchObject({ code: 'SessionClosed' })
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'SessionClosed' })
    expect(await a.createNestedSender()[0].closed).toMatchObject({ how: 'lost' })
    await expect(a.createByteStream()[0].read()).rejects.toMatchObject({ code: 'SessionClosed' })
  })

  it('works in memory when it is used here after all', async () => {
    const { a } = sessionPair()
    const [sender, receiver] = a.createNestedSender<number>()
    const [answers, reply] = a.createNestedReceiver<number>()
    const [local, remote] = a.createByteStream()
    const sent = sender.send(1)

    expect(await receiver.receive()).toEqual({ done: false, value: 1 })
    await sent
    void reply.send(2)
    expect(await answers.receive()).toEqual({ done: false, value: 2 })
    void local.end('hello')
    expect(await remote.text()).toBe('hello')
    void sender.close()
    expect(await receiver.receive()).toEqual({ done: true, value: undefined })
    expect(await sender.closed).toEqual({ how: 'closed' })
    answers.cancel()
    expect(await reply.closed).toMatchObject({ how: 'cancelled' })
  })
})

describe('a session on the real clock', () => {
  it('leaves no timer when it is closed while a stream waits to be claimed', async () => {
    const [first, second] = memoryProviders()
    const [a, b]: [Session, Session] = [createSession(first), createSession(second)]
    const [, remote] = a.createNestedReceiver()

    await a.newSendChannel().send(remote)
    await settle()

    expect(b.stat().unclaimed).toBe(1)

    await a.close()
    await b.closed
  })
})
