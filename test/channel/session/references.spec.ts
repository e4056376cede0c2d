import { describe, expect, it } from 'vitest'
import { pipe } from '../../../src/channel/pipe/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { sessionPair } from './session-pair.ts'
import type { Receiver, Sender, Session } from '../../../src/channel/contract/index.ts'

const REASON = { code: 300, message: 'enough' }

/** Sends a message on a channel of its own, and gives what arrives. */
async function carry<T> (from: Session, to: Session, message: T): Promise<T> {
  const sender = from.newSendChannel<T>()
  const receiver = await to.waitReceiveChannel()

  await sender.send(message)

  const { value } = await receiver.receive()

  return value as T
}

type Make = (session: Session) => [Receiver<number>, Sender<number>]

const MAKES: Array<[string, Make]> = [
  ['a pipe', () => pipe<number>()],
  ['a nested receiver', (session) => session.createNestedReceiver<number>()],
  ['a nested sender', (session) => {
    const [sender, receiver] = session.createNestedSender<number>()

    return [receiver, sender]
  }]
]

// spec-channel 8.3
describe.each(MAKES)('%s of which an end was sent', (_, make) => {
  it('brings messages back, and the close', async () => {
    const { a, b } = sessionPair()
    const [receiver, sender] = make(a)
    const remote = await carry(a, b, sender)

    await remote.send(1)
    await remote.send(2)
    await remote.close()

    expect(await receiver.receive()).toEqual({ done: false, value: 1 })
    expect(await receiver.receive()).toEqual({ done: false, value: 2 })
    expect(await receiver.receive()).toEqual({ done: true, value: undefined })
    await settle()
    expect([a.stat().opened, b.stat().accepted]).toEqual([1, 1])
  })

  it('takes messages there, and the close', async () => {
    const { a, b } = sessionPair()
    const [receiver, sender] = make(a)
    const remote = await carry(a, b, receiver)
    const sent = sender.send(1)

    expect(await remote.receive()).toEqual({ done: false, value: 1 })
    await sent
    await sender.close()
    expect(await remote.receive()).toEqual({ done: true, value: undefined })
  })

  // spec-channel 8.6
  it('is aborted as the other end was', async () => {
    const { a, b } = sessionPair()
    const [receiver, sender] = make(a)
    const remote = await carry(a, b, sender)

    await remote.send(1)
    remote.abort(REASON)

    expect(await receiver.receive()).toEqual({ done: false, value: 1 })
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ChannelAborted', reason: REASON })
    expect(await receiver.closed).toEqual({ how: 'aborted', reason: REASON })
  })

  it('is cancelled as the other end was', async () => {
    const { a, b } = sessionPair()
    const [receiver, sender] = make(a)
    const remote = await carry(a, b, receiver)

    remote.cancel(REASON)

    expect(await sender.closed).toEqual({ how: 'cancelled', reason: REASON })
    await expect(sender.send(1)).rejects.toMatchObject({ code: 'ChannelCancelled', reason: REASON })
  })

  it('passes on what happens to the end that stayed', async () => {
    const { a, b } = sessionPair()
    const [receiver, sender] = make(a)
    const remoteSender = await carry(a, b, sender)
    const [receiver2, sender2] = make(a)
    const remoteReceiver = await carry(a, b, receiver2)

    receiver.cancel(REASON)
    sender2.abort(REASON)

    expect(await remoteSender.closed).toEqual({ how: 'cancelled', reason: REASON })
    await expect(remoteReceiver.receive()).rejects.toMatchObject({ code: 'ChannelAborted', reason: REASON })
  })
})

describe('what was sent in a message', () => {
  it('is of no use here any more', async () => {
    const { a, b } = sessionPair()
    const [receiver, sender] = pipe<number>()
    const [, remote] = a.createByteStream()

    await carry(a, b, [receiver, sender, remote])

    await expect(sender.send(1)).rejects.toMatchObject({ code: 'ChannelMoved' })
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ChannelMoved' })
    await expect(remote.read()).rejects.toMatchObject({ code: 'ChannelMoved' })
    await expect(a.newSendChannel().send(sender)).rejects.toMatchObject({ code: 'ChannelMoved' })
  })

  it.each([
    ['because of something else in it', (sender: Sender<number>): unknown => ({ sender, call: () => {} }), 'UnencodableMessage'],
    ['because it is in it twice', (sender: Sender<number>): unknown => [sender, sender], 'ChannelMoved'],
    ['because there is too much of it', (sender: Sender<number>): unknown => [sender, pipe()[0], pipe()[0], pipe()[0]], 'TooManyReferences']
  ])('stays here if the message cannot be sent %s', async (_, message, code) => {
    const { a, b } = sessionPair({ limits: { maxReferences: 3 } })
    const [receiver, sender] = pipe<number>({ capacity: 1 })
    const carrier = a.newSendChannel()

    await expect(carrier.send(message(sender))).rejects.toMatchObject({ code })
    await sender.send(1)

    expect(await receiver.receive()).toEqual({ done: false, value: 1 })
    expect(a.stat().opened).toBe(1)

    // and no number was used up
    await carrier.send(sender)
    await settle()
    expect(b.stat()).toEqual({ opened: 0, accepted: 2, unclaimed: 1, pending: 1 })
  })

  it('stays here if no stream can be opened for it', async () => {
    const { a, b, clock } = sessionPair({ maxOpenStreams: 2 })
    const carrier = a.newSendChannel()
    const ends = [1, 2, 3, 4].map(() => a.createNestedSender<number>())

    await expect(carrier.send(ends.map(([, receiver]) => receiver))).rejects.toMatchObject({ code: 'ResourceLimit' })
    await settle()

    expect(a.stat().opened).toBe(1)

    const [sender, receiver] = ends[0] ?? a.createNestedSender<number>()

    void sender.send(1)

    expect(await receiver.receive()).toEqual({ done: false, value: 1 })

    await b.waitReceiveChannel()
    await clock.advance(30_000)
    expect(b.stat().unclaimed).toBe(0)
  })

  it('can be written to before its message is received', async () => {
    const { a, b } = sessionPair()
    const [sender, receiver] = a.createNestedSender<number>()
    const carrier = a.newSendChannel<Receiver<number>>()

    await carrier.send(receiver)
    await sender.send(1)
    await sender.close()

    const { value } = await (await b.waitReceiveChannel<Receiver<number>>()).receive()

    expect(await value?.receive()).toEqual({ done: false, value: 1 })
    expect(await value?.receive()).toEqual({ done: true, value: undefined })
  })

  it('travels five deep', async () => {
    const { a, b } = sessionPair()
    let from: Session = a
    let to: Session = b
    let sender: Sender<unknown> = from.newSendChannel()
    let receiver: Receiver<unknown> = await to.waitReceiveChannel()

    for (let depth = 0; depth < 5; depth++) {
      const [local, remote] = from.createNestedReceiver<unknown>()

      await sender.send({ depth, remote })

      const { value } = await receiver.receive() as { value: { depth: number, remote: Sender<unknown> } }

      expect(value.depth).toBe(depth)
      sender = value.remote
      receiver = local;
      [from, to] = [to, from]
    }

    await sender.send('so deep')

    expect(await receiver.receive()).toEqual({ done: false, value: 'so deep' })
  })

  it('is told why a message on it was refused', async () => {
    const { a, b } = sessionPair()
    const [receiver, sender] = pipe<unknown>()
    const remote = await carry(a, b, receiver)

    void sender.send(() => {})

    await expect(remote.receive()).rejects.toMatchObject({ code: 'ChannelAborted' })
    expect(await sender.closed).toMatchObject({ how: 'cancelled', reason: { code: 1, message: expect.stringContaining('cannot be sent') } })
  })
})

describe('a channel that goes on through a third side', () => {
  async function chain (): Promise<{ first: Sender<number>, last: Receiver<number>, ab: Session, bc: Session }> {
    const [one, two] = [sessionPair(), sessionPair()]
    const [sender, receiver] = one.a.createNestedSender<number>()
    const there = await carry(one.a, one.b, receiver)

    return { first: sender, last: await carry(two.a, two.b, there), ab: one.a, bc: two.b }
  }

  it('delivers all in order, with an end', async () => {
    const { first, last } = await chain()
    const numbers = Array.from({ length: 500 }, (_, number) => number)
    const received: number[] = []

    void (async () => {
      for (const number of numbers) {
        await first.send(number)
      }

      await first.close()
    })()

    for await (const number of last) {
      received.push(number)
    }

    expect(received).toEqual(numbers)
  })

  it('holds its sender back where its receiver is slow', async () => {
    const { first } = await chain()
    let sent = 0

    for (; first.trySend('x'.repeat(10_000) as never) && sent < 1000; sent++) {
      await settle()
    }

    expect(sent).toBeLessThan(200)
  })

  // spec-channel 8.6
  it.each([
    ['lost', 'abort', 1],
    ['closed', 'close', 11]
  ] as const)('is aborted beyond a session that was %s, and cancelled before it', async (_, how, code) => {
    const [before, behind] = [await chain(), await chain()]

    await before.ab[how]()
    await behind.bc[how]()
    await settle()

    await expect(before.last.receive()).rejects.toMatchObject({ code: 'ChannelAborted', reason: { code } })
    await expect(behind.first.send(1)).rejects.toMatchObject({ code: 'ChannelCancelled', reason: { code } })
  })
})
