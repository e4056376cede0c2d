import { afterEach, describe, expect, it } from 'vitest'
import { pipe } from '../../src/channel/index.ts'
import { createSwarm } from '../../src/index.ts'
import { createChannels, LIBCHAN_PROTOCOL } from '../../src/mesh/index.ts'
import { addressOf, LOOPBACK } from '../support/swarm-pair.ts'
import { until } from '../support/until.ts'
import type { Sender, Session } from '../../src/channel/index.ts'
import type { Swarm } from '../../src/index.ts'
import type { ChannelsInit } from '../../src/mesh/index.ts'

const swarms: Swarm[] = []

afterEach(async () => {
  await Promise.all(swarms.splice(0).map(async (swarm) => swarm.close()))
})

async function node (): Promise<Swarm> {
  const swarm = await createSwarm({ listen: [LOOPBACK] })

  swarms.push(swarm)

  return swarm
}

/** Two nodes; `far` serves as told. */
async function scene (init: ChannelsInit = {}): Promise<{ near: Swarm, far: Swarm, channels: ReturnType<typeof createChannels>, farChannels: ReturnType<typeof createChannels> }> {
  const [near, far] = [await node(), await node()]

  return { near, far, channels: createChannels(near), farChannels: createChannels(far, init) }
}

async function echo (session: Session): Promise<void> {
  for await (const { text, answer } of await session.waitReceiveChannel<{ text: string, answer: Sender<string> }>()) {
    await answer.send(text)
  }
}

async function ask (session: Session, text: string): Promise<unknown> {
  const [answers, answer] = pipe<string>()

  await session.newSendChannel().send({ text, answer })

  return (await answers.receive()).value
}

describe('channels over a swarm', () => {
  it('carry a question to a peer, and the answer back', async () => {
    const { far, channels } = await scene({ onSession: echo })

    const session = await channels.connect(addressOf(far))

    expect(await ask(session, 'hello')).toBe('hello')
    expect(session).toMatchObject({ transport: 'swarm', isInitiator: true, remoteAddress: addressOf(far) })
  })

  it('share one session a connection, whoever asks for it', async () => {
    const { near, far, channels, farChannels } = await scene({ onSession: () => {} })
    const [one, other] = await Promise.all([channels.connect(addressOf(far)), channels.connect(addressOf(far))])

    await until(() => far.connections(near.peerId).length > 0)

    const theirs = await farChannels.connect(near.peerId)
    const sender = one.newSendChannel<string>()

    await sender.send('to whom it concerns')

    expect(one).toBe(other)
    expect(await (await theirs.waitReceiveChannel()).receive()).toEqual({ done: false, value: 'to whom it concerns' })
    expect([channels.sessions(), farChannels.sessions()]).toEqual([[one], [theirs]])
  })

  it('leave the connection as it is when a session closes, and begin another on it', async () => {
    const { near, far, channels } = await scene({ onSession: echo })
    const first = await channels.connect(addressOf(far))

    expect(await ask(first, 'one')).toBe('one')
    await first.close()

    const second = await channels.connect(addressOf(far))

    expect(await ask(second, 'two')).toBe('two')
    expect(second).not.toBe(first)
    expect(near.connections(far.peerId)).toHaveLength(1)
  })

  it('are refused by a peer that serves none', async () => {
    const { far, channels } = await scene()

    await expect(channels.connect(addressOf(far))).rejects.toMatchObject({ code: 'ConnectFailed', message: expect.stringMatching(/^12D3Koo.* serves no sessions of \/libchan\/1\.0\.0: it has no onSession$/) })
    expect(channels.sessions()).toEqual([])
  })

  it('end with the session when what serves them throws', async () => {
    const { far, channels } = await scene({ onSession: () => { throw new Error('not today') } })
    const session = await channels.connect(addressOf(far))

    session.newSendChannel()

    expect(await session.closed).toMatchObject({ by: 'loss', error: { code: 'ConnectionLost' } })
    expect(channels.sessions()).toEqual([])
  })

  it('are told of the session, whichever side began it', async () => {
    const sessions: Session[] = []
    const [near, far] = [await node(), await node()]

    createChannels(far, { onSession: echo })

    const session = await createChannels(near, { onSession: (begun) => { sessions.push(begun) } }).connect(addressOf(far))

    expect(sessions).toEqual([session])
  })

  it('close with their swarm, and lose nothing that arrived', async () => {
    const { far, channels, farChannels } = await scene({ onSession: () => {} })
    const session = await channels.connect(addressOf(far))
    const sender = session.newSendChannel<number>()

    await sender.send(1)
    await until(() => farChannels.sessions().length > 0 && farChannels.sessions()[0]?.stat().pending === 1)

    const [theirs] = farChannels.sessions()

    await channels.close()

    const receiver = await theirs?.waitReceiveChannel()

    expect(await receiver?.receive()).toEqual({ done: false, value: 1 })
    await expect(receiver?.receive()).rejects.toMatchObject({ code: 'SessionClosed' })
    expect(session.signal.aborted).toBe(true)
  })

  it('are served once in a swarm', async () => {
    const { near, channels } = await scene()

    expect(() => createChannels(near)).toThrow(expect.objectContaining({ code: 'DuplicateHandler' }))

    await channels.close()

    expect(near.protocols()).not.toContain(LIBCHAN_PROTOCOL)
  })
})

describe('a session of a swarm that was closed before anything was opened', () => {
  it('does not keep the next one from being served', async () => {
    const { far, channels } = await scene({ onSession: echo })

    await (await channels.connect(addressOf(far))).close()

    expect(await ask(await channels.connect(addressOf(far)), 'again')).toBe('again')
  })

  it('gives way to a new one while it is still closing', async () => {
    const { far, channels } = await scene({ onSession: echo })
    const first = await channels.connect(addressOf(far))
    const closing = first.close()

    expect(await ask(await channels.connect(addressOf(far)), 'meanwhile')).toBe('meanwhile')
    await closing
  })
})

describe('sessions that both sides begin at once', () => {
  it('are one, that of the dialler', async () => {
    const [near, far] = [await node(), await node()]
    const served: Session[] = []
    const channels = createChannels(near, { onSession: (session) => { served.push(session) } })
    const farChannels = createChannels(far, { onSession: (session) => { served.push(session) } })

    await near.dial(addressOf(far))
    await until(() => far.connections(near.peerId).length > 0)

    const [ours, theirs] = await Promise.all([channels.connect(far.peerId), farChannels.connect(near.peerId)])
    const sender = ours.newSendChannel<string>()

    await sender.send('across')

    expect(await (await theirs.waitReceiveChannel()).receive()).toEqual({ done: false, value: 'across' })
    expect([ours.isInitiator, theirs.isInitiator]).toEqual([true, false])
    expect([channels.sessions(), farChannels.sessions()]).toEqual([[ours], [theirs]])
    expect(served).toHaveLength(2)
    await until(() => near.connections()[0]?.streams.length === 1)
  })

  it('are that of the listener where it serves none itself', async () => {
    const [near, far] = [await node(), await node()]
    const channels = createChannels(near, { onSession: echo })
    const farChannels = createChannels(far)

    await near.dial(addressOf(far))
    await until(() => far.connections(near.peerId).length > 0)

    const [ours, theirs] = await Promise.all([channels.connect(far.peerId), farChannels.connect(near.peerId)])

    expect(await ask(theirs, 'hello')).toBe('hello')
    expect(ours.isInitiator).not.toBe(theirs.isInitiator)
  })
})
