import { describe, expect, it } from 'vitest'
import { settle } from '../../support/fake-clock.ts'
import { sessionPair } from './session-pair.ts'
import type { PairInit, SessionPair } from './session-pair.ts'
import type { Receiver, Sender } from '../../../src/channel/contract/index.ts'

interface Channel extends SessionPair {
  sender: Sender<unknown>
  receiver: Receiver<unknown>
}

async function channel (init?: PairInit): Promise<Channel> {
  const pair = sessionPair(init)
  const sender = pair.a.newSendChannel()

  return { ...pair, sender, receiver: await pair.b.waitReceiveChannel() }
}

const REASON = { code: 300, message: 'quota used up' }
const EMPTY = { opened: 0, accepted: 0, unclaimed: 0, pending: 0 }

async function assertGone ({ a, b }: SessionPair): Promise<void> {
  await settle()

  expect([a.stat(), b.stat()]).toEqual([EMPTY, EMPTY])
}

// spec-channel 6.1
describe('sending on a channel of a session', () => {
  it('leaves a message that cannot be encoded out, and goes on', async () => {
    const { sender, receiver } = await channel()

    await expect(sender.send({ call: () => {} })).rejects.toMatchObject({ code: 'UnencodableMessage' })
    await sender.send(1)

    expect(await receiver.receive()).toEqual({ done: false, value: 1 })
  })

  it('refuses a message over a limit, and goes on', async () => {
    const { sender, receiver } = await channel({ limits: { maxMessageBytes: 10, maxDepth: 1 } })

    await expect(sender.send('x'.repeat(20))).rejects.toMatchObject({ code: 'MessageTooLarge' })
    await expect(sender.send([[1]])).rejects.toMatchObject({ code: 'MessageTooDeep' })
    await sender.send(1)

    expect(await receiver.receive()).toEqual({ done: false, value: 1 })
  })

  it('encodes at once, so that later changes do not travel', async () => {
    const { sender, receiver } = await channel()
    const message = { text: 'before' }

    await sender.send(message)
    message.text = 'after'

    expect(await receiver.receive()).toEqual({ done: false, value: { text: 'before' } })
  })

  it('gives waiting receives their messages in order', async () => {
    const { sender, receiver } = await channel()
    const results = [receiver.receive(), receiver.receive()]

    expect(receiver.tryReceive()).toBeUndefined()

    await sender.send(1)
    await sender.send(2)

    expect((await Promise.all(results)).map(({ value }) => value)).toEqual([1, 2])
  })

  it('takes nothing for a receive that was aborted', async () => {
    const { sender, receiver } = await channel()
    const controller = new AbortController()
    const received = receiver.receive({ signal: controller.signal })
    const reason = new Error('too late')

    controller.abort(reason)

    await expect(received).rejects.toBe(reason)

    await sender.send(1)

    expect(await receiver.receive()).toEqual({ done: false, value: 1 })
  })
})

// spec-channel 6.2
describe('closing a channel of a session', () => {
  it('comes behind the messages, and is answered when they were received', async () => {
    const scene = await channel()
    let isClosed = false

    void scene.sender.closed.then(() => { isClosed = true })
    await scene.sender.send(1)
    await scene.sender.close()
    await settle()

    expect(isClosed).toBe(false)
    expect(await scene.receiver.receive()).toEqual({ done: false, value: 1 })
    expect(await scene.sender.closed).toEqual({ how: 'closed' })
    expect(await scene.receiver.receive()).toEqual({ done: true, value: undefined })
    expect(await scene.receiver.receive()).toEqual({ done: true, value: undefined })
    expect(await scene.receiver.closed).toEqual({ how: 'closed' })
    await assertGone(scene)
  })

  it('needs no receive where no messages were left', async () => {
    const scene = await channel()

    await scene.sender.close()

    expect(await scene.receiver.closed).toEqual({ how: 'closed' })
    await assertGone(scene)
  })

  it('refuses what is sent later, and may be repeated', async () => {
    const { sender } = await channel()

    await sender.close()
    await sender.close()

    await expect(sender.send(1)).rejects.toMatchObject({ code: 'ChannelClosed' })
  })
})

// spec-channel 6.3
describe('aborting a channel of a session', () => {
  it('comes behind the messages, with the reason', async () => {
    const scene = await channel()

    await scene.sender.send(1)
    scene.sender.abort(REASON)

    expect(await scene.sender.closed).toEqual({ how: 'aborted', reason: REASON })
    await expect(scene.sender.send(2)).rejects.toMatchObject({ code: 'ChannelClosed' })

    await settle()

    expect(await scene.receiver.receive()).toEqual({ done: false, value: 1 })
    await expect(scene.receiver.receive()).rejects.toMatchObject({ code: 'ChannelAborted', reason: REASON })
    await expect(scene.receiver.receive()).rejects.toMatchObject({ code: 'ChannelAborted', reason: REASON })
    expect(await scene.receiver.closed).toEqual({ how: 'aborted', reason: REASON })
    await assertGone(scene)
  })

  it('is noticed without a receive where no messages were left', async () => {
    const scene = await channel()

    scene.sender.abort()

    expect(await scene.receiver.closed).toEqual({ how: 'aborted', reason: { code: 1, message: '' } })
    await assertGone(scene)
  })
})

// spec-channel 6.4
describe('cancelling a channel of a session', () => {
  it('throws away what came, and fails what is sent later with the reason', async () => {
    const scene = await channel()

    await scene.sender.send(1)
    await settle()
    scene.receiver.cancel(REASON)

    await expect(scene.receiver.receive()).rejects.toMatchObject({ code: 'ChannelClosed' })
    expect(await scene.receiver.closed).toEqual({ how: 'cancelled', reason: REASON })
    expect(await scene.sender.closed).toEqual({ how: 'cancelled', reason: REASON })
    await expect(scene.sender.send(2)).rejects.toMatchObject({ code: 'ChannelCancelled', reason: REASON })
    await assertGone(scene)
  })

  it('fails what waits to be sent, and to be received', async () => {
    const scene = await channel({ bufferBytes: 8, limits: { sendBufferBytes: 0, receiveBufferBytes: 0 } })
    const received = scene.receiver.receive()
    const cancelled = expect(received).rejects.toMatchObject({ code: 'ChannelClosed' })

    scene.receiver.cancel(REASON)
    await cancelled

    const next = scene.a.newSendChannel()
    const receiver = await scene.b.waitReceiveChannel()
    const sends = Array.from({ length: 20 }, (_, number) => next.send(number).then(() => 'sent', (error: unknown) => error))

    await settle()
    receiver.cancel(REASON)

    const outcomes = await Promise.all(sends)

    expect(outcomes[0]).toBe('sent')
    expect(outcomes.at(-1)).toMatchObject({ code: 'ChannelCancelled', reason: REASON })
  })

  it('ends a channel whose messages fill all buffers', async () => {
    const scene = await channel({ bufferBytes: 100, limits: { sendBufferBytes: 100, receiveBufferBytes: 100 } })

    for (let count = 0; scene.sender.trySend('x'.repeat(60)); count++) {
      await settle()
    }

    scene.receiver.cancel()

    expect(await scene.sender.closed).toEqual({ how: 'cancelled', reason: { code: 3, message: '' } })
    await assertGone(scene)
  })

  it('also ends a channel that was closed and not received', async () => {
    const scene = await channel()

    await scene.sender.send(1)
    await scene.sender.close()
    await settle()
    scene.receiver.cancel(REASON)

    expect(await scene.sender.closed).toEqual({ how: 'cancelled', reason: REASON })
    await assertGone(scene)
  })
})

// spec-channel 6.7
describe('the first end of a channel of a session', () => {
  it('counts at the receiver', async () => {
    const { sender, receiver } = await channel()

    sender.abort(REASON)
    await receiver.closed
    receiver.cancel()

    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ChannelAborted' })
  })

  it('counts at the sender', async () => {
    const { sender, receiver } = await channel()

    receiver.cancel(REASON)
    await sender.closed
    sender.abort()
    await sender.close()

    await expect(sender.send(1)).rejects.toMatchObject({ code: 'ChannelCancelled' })
    expect(await sender.closed).toEqual({ how: 'cancelled', reason: REASON })
  })

  it('counts where both sides end it at the same time', async () => {
    const scene = await channel()

    scene.sender.abort(REASON)
    scene.receiver.cancel()

    expect(await scene.sender.closed).toMatchObject({ how: 'aborted' })
    expect(await scene.receiver.closed).toMatchObject({ how: 'cancelled' })
    await assertGone(scene)
  })

  it('is the close where an abort follows it', async () => {
    const scene = await channel()

    await scene.sender.close()
    scene.sender.abort(REASON)

    expect(await scene.receiver.receive()).toEqual({ done: true, value: undefined })
    await assertGone(scene)
  })
})
