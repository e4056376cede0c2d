import { describe, expect, it } from 'vitest'
import { pipe } from '../../../src/channel/pipe/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { sessionPair } from './session-pair.ts'
import type { PairInit, SessionPair } from './session-pair.ts'
import type { Receiver, Sender, Session } from '../../../src/channel/contract/index.ts'

const TTL = 30_000

interface Scene extends SessionPair {
  there<T>(message: T): Promise<T>
  back<T>(message: T): Promise<T>
}

async function scene (init?: PairInit): Promise<Scene> {
  const pair = sessionPair(init)

  return { ...pair, there: await road(pair.a, pair.b), back: await road(pair.b, pair.a) }
}

async function road (from: Session, to: Session): Promise<<T>(message: T) => Promise<T>> {
  const sender = from.newSendChannel<unknown>()
  const receiver = await to.waitReceiveChannel()

  return async <T>(message: T) => {
    await sender.send(message)

    return (await receiver.receive()).value as T
  }
}

type Make = (session: Session) => [Receiver<number>, Sender<number>]

const MAKES: Record<string, Make> = {
  'a pipe': () => pipe<number>(),
  'a nested receiver': (session) => session.createNestedReceiver<number>(),
  'a nested sender': (session) => {
    const [sender, receiver] = session.createNestedSender<number>()

    return [receiver, sender]
  }
}

const CASES = (['records', 'values'] as const).flatMap((framing) =>
  Object.entries(MAKES).map(([name, make]) => ({ name, make, framing })))

/** The two roads, and nothing else. */
const ROADS = { opened: 1, accepted: 1, unclaimed: 0, pending: 0 }

async function receiveAll (receiver: Receiver<number>): Promise<number[]> {
  const numbers: number[] = []

  for await (const number of receiver) {
    numbers.push(number)
  }

  return numbers
}

// spec-channel 9.2, 9.3
describe.each(CASES)('$name with $framing', ({ make, framing }) => {
  it('joins again when its sender comes back: in order, and nothing travels any more', async () => {
    const { a, b, there, back } = await scene({ framing })
    const [receiver, sender] = make(a)
    const away = await there(sender)

    await away.send(1)
    await away.send(2)

    const again = await back(away)
    const sent = again.send(3).then(async () => again.close())

    expect(await receiveAll(receiver)).toEqual([1, 2, 3])
    await sent
    await settle()
    expect([a.stat(), b.stat()]).toEqual([ROADS, ROADS])
    await expect(away.send(4)).rejects.toMatchObject({ code: 'ChannelMoved' })
    expect(await again.closed).toEqual({ how: 'closed' })
    expect(await receiver.closed).toEqual({ how: 'closed' })
  })

  it('joins again when its receiver comes back', async () => {
    const { a, b, there, back } = await scene({ framing })
    const [receiver, sender] = make(a)
    const away = await there(receiver)
    const sent = (async () => {
      for (const number of [1, 2, 3, 4, 5]) {
        await sender.send(number)
      }

      await sender.close()
    })()

    expect(await away.receive()).toEqual({ done: false, value: 1 })

    const again = await back(away)

    expect(await receiveAll(again)).toEqual([2, 3, 4, 5])
    await sent
    await settle()
    expect([a.stat(), b.stat()]).toEqual([ROADS, ROADS])
    expect(await again.closed).toEqual({ how: 'closed' })
    expect(await sender.closed).toEqual({ how: 'closed' })
  })

  it('gives a receiver that came back after the close the rest, and the end', async () => {
    const { a, b, there, back } = await scene({ framing })
    const [receiver, sender] = make(a)
    const away = await there(receiver)

    await sender.send(1)
    await sender.close()
    await settle()

    expect(await receiveAll(await back(away))).toEqual([1])
    await settle()
    expect([a.stat(), b.stat()]).toEqual([ROADS, ROADS])
  })

  it('gives a receiver that came back after an abort the rest, and the reason', async () => {
    const { a, there, back } = await scene({ framing })
    const [receiver, sender] = make(a)
    const away = await there(receiver)

    await sender.send(1)
    await settle()
    sender.abort({ code: 300, message: 'enough' })

    const again = await back(away)

    expect(await again.receive()).toEqual({ done: false, value: 1 })
    await expect(again.receive()).rejects.toMatchObject({ code: 'ChannelAborted', reason: { code: 300 } })
  })

  it('tells its sender when the receiver that came back is cancelled', async () => {
    const { a, b, there, back } = await scene({ framing })
    const [receiver, sender] = make(a)
    const again = await back(await there(receiver))

    again.cancel({ code: 300, message: 'no' })

    expect(await sender.closed).toMatchObject({ how: 'cancelled', reason: { code: 300 } })
    await settle()
    expect([a.stat(), b.stat()]).toEqual([ROADS, ROADS])
  })

  it('tells the sender that came back when its receiver is cancelled', async () => {
    const { a, there, back } = await scene({ framing })
    const [receiver, sender] = make(a)
    const again = await back(await there(sender))

    await settle()
    receiver.cancel({ code: 300, message: 'no' })

    expect(await again.closed).toMatchObject({ how: 'cancelled', reason: { code: 300 } })
  })

  it('goes to and fro a hundred times, and the way does not grow', async () => {
    const { a, b, there, back } = await scene({ framing })
    let [receiver, sender] = make(a)

    for (let count = 0; count < 100; count++) {
      sender = await back(await there(sender))
      receiver = await back(await there(receiver))
      await settle()
    }

    void sender.send(1).then(async () => sender.close())

    expect(await receiveAll(receiver)).toEqual([1])
    await settle()
    expect([a.stat(), b.stat()]).toEqual([ROADS, ROADS])
  })

  // spec-channel 9.4
  it('ends when its sender came back in a message that nobody receives', async () => {
    const { a, b, clock, there } = await scene({ framing })
    const [receiver, sender] = make(a)
    const away = await there(sender)
    const carrier = b.newSendChannel()
    const unread = await a.waitReceiveChannel()
    const received = receiver.receive()
    const aborted = expect(received).rejects.toMatchObject({ code: 'ChannelAborted', reason: { code: 9 } })

    await carrier.send(away)
    await clock.advance(10 * TTL)
    // as long as the message may come
    unread.cancel()
    await clock.advance(TTL)
    await aborted
  })

  it('ends when its receiver came back in a message that nobody receives', async () => {
    const { a, b, clock, there } = await scene({ framing })
    const [receiver, sender] = make(a)
    const away = await there(receiver)
    const carrier = b.newSendChannel()
    const unread = await a.waitReceiveChannel()

    await carrier.send(away)
    await settle()
    unread.cancel()
    await clock.advance(2 * TTL)

    expect(await sender.closed).toMatchObject({ how: 'cancelled', reason: { code: 9 } })
  })
})

describe('a returned sender', () => {
  it('waits until what was sent elsewhere has come', async () => {
    const { a, there, back } = await scene()
    const [receiver, sender] = pipe<number>()
    const away = await there(sender)

    for (const number of [1, 2, 3]) {
      await away.send(number)
    }

    const again = await back(away)

    await settle()

    // the record lies behind three messages that nobody has received
    expect(again.trySend(4)).toBe(false)

    const sent = again.send(4)

    expect(a.stat().opened).toBe(2)

    for (const number of [1, 2, 3, 4]) {
      expect(await receiver.receive()).toEqual({ done: false, value: number })
    }

    await sent
  })
})

describe('a session with a peer of version 0', () => {
  // spec-channel 9.1, 11.6
  it('copies to and fro instead', async () => {
    const { a, there, back } = await scene({ framing: 'values', peerVersion: 0 })
    const [receiver, sender] = pipe<number>()
    const again = await back(await there(sender))
    const [receiver2, sender2] = pipe<number>()
    const again2 = await back(await there(receiver2))

    await again.send(1)
    void sender2.send(2)

    expect(await receiver.receive()).toEqual({ done: false, value: 1 })
    expect(await again2.receive()).toEqual({ done: false, value: 2 })
    expect(a.stat()).toMatchObject({ opened: 3, accepted: 3 })
  })
})
