import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { overDuplex, pipe } from '../../src/channel/index.ts'
import { failure } from './failure.ts'
import { sockets } from './providers/socket-scene.ts'
import type { DuplexLike, Sender, Session } from '../../src/channel/index.ts'

interface Question { n: number, answer: Sender<number> }

async function sessions (near: DuplexLike, far: DuplexLike): Promise<[near: Session, far: Session]> {
  return Promise.all([overDuplex(near, { isInitiator: true, remoteAddress: 'test:far' }), overDuplex(far, { isInitiator: false })])
}

/** What comes of 21 at the other side, which doubles. */
async function ask (session: Session): Promise<number | void> {
  const [answers, answer] = pipe<number>()

  await session.newSendChannel<Question>().send({ n: 21, answer })

  return (await answers.receive()).value
}

async function answerOne (session: Session): Promise<void> {
  const questions = await session.waitReceiveChannel<Question>()
  const { value } = await questions.receive()

  await value?.answer.send(value.n * 2)
}

function webPairs (): [DuplexLike, DuplexLike] {
  const [to, from] = [new TransformStream<Uint8Array, Uint8Array>(), new TransformStream<Uint8Array, Uint8Array>()]

  return [{ readable: from.readable, writable: to.writable }, { readable: to.readable, writable: from.writable }]
}

function nodePairs (): [DuplexLike, DuplexLike] {
  const [to, from] = [duplexPair(), duplexPair()]

  return [{ readable: from[1], writable: to[0] }, { readable: to[1], writable: from[0] }]
}

describe('overDuplex', () => {
  it.each([
    ['a duplex', async () => duplexPair()],
    ['a socket', sockets],
    ['streams of Node', async () => nodePairs()],
    ['streams of the web', async () => webPairs()]
  ])('makes a session of %s, which closes gracefully', async (_, make) => {
    const [near, far] = await sessions(...await make() as [DuplexLike, DuplexLike])

    void answerOne(far)
    expect(await ask(near)).toBe(42)
    expect(near).toMatchObject({ transport: 'duplex', remoteAddress: 'test:far', isInitiator: true })
    expect(far).toMatchObject({ remoteAddress: 'duplex:', isInitiator: false })
    await near.close()

    expect(await far.closed).toEqual({ by: 'them' })
  })

  it('makes a session with a child process', async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('child-session.ts', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')

    const session = await overDuplex({ readable: child.stdout, writable: child.stdin }, { isInitiator: true })
    expect(await ask(session)).toBe(42)
    await session.close()

    expect(await exited).toEqual([0, null])
  })

  it('is a loss when the child process ends without closing', async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('child-session.ts', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')

    const session = await overDuplex({ readable: child.stdout, writable: child.stdin }, { isInitiator: true })
    child.kill('SIGKILL')

    expect(await session.closed).toMatchObject({ by: 'loss', error: { code: 'ConnectionLost' } })
    await exited
  })

  it.each([
    ['nothing', undefined],
    ['a string', 'tcp://localhost:1'],
    ['half a pair', { readable: new ReadableStream() }],
    ['a mixed pair', { readable: new ReadableStream(), writable: duplexPair()[0] }]
  ])('refuses %s', async (_, duplex) => {
    expect(await failure(overDuplex(duplex as never, { isInitiator: true }))).toMatchObject({ name: 'TypeError', message: expect.stringContaining('needs a Duplex, or a pair') })
  })

  it('has to know who began', async () => {
    expect(await failure(overDuplex(duplexPair()[0], {} as never))).toMatchObject({ name: 'TypeError', message: expect.stringContaining('isInitiator must be') })
  })

  it('refuses what speaks something else, and hangs up', async () => {
    const [near, far] = duplexPair()
    const wanted = failure(overDuplex(near, { isInitiator: true }))

    far.write('HTTP/1.1 400 Bad Request\r\n\r\n')

    expect(await wanted).toMatchObject({ code: 'ProtocolViolation', message: expect.stringContaining('duplex: does not speak libchan/1') })
    expect(near.destroyed).toBe(true)
  })

  it('is given up with the signal', async () => {
    const [near] = duplexPair()
    const controller = new AbortController()
    const reason = new Error('never mind')
    const wanted = failure(overDuplex(near, { isInitiator: true, signal: controller.signal }))

    controller.abort(reason)

    expect(await wanted).toBe(reason)
    expect(near.destroyed).toBe(true)
  })
})
