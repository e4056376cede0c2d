import { describe, expect, it } from 'vitest'
import { pipe } from '../../../src/channel/pipe/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { sessionPair } from './session-pair.ts'
import type { ByteStream, Receiver, Sender } from '../../../src/channel/contract/index.ts'

describe('a session', () => {
  it('carries messages in order', async () => {
    const { a, b } = sessionPair()
    const sender = a.newSendChannel<number>()

    for (let number = 0; number < 1000; number++) {
      await sender.send(number)
    }

    await sender.close()

    const receiver = await b.waitReceiveChannel<number>()
    const numbers: number[] = []

    for await (const number of receiver) {
      numbers.push(number)
    }

    expect(numbers).toEqual(Array.from({ length: 1000 }, (_, number) => number))
    expect(await sender.closed).toEqual({ how: 'closed' })
    expect(await receiver.closed).toEqual({ how: 'closed' })
    expect(a.stat()).toEqual({ opened: 0, accepted: 0, unclaimed: 0, pending: 0 })
  })

  it('carries a sender, through which the answer comes', async () => {
    const { a, b } = sessionPair()
    const [answers, reply] = pipe<string>()
    const questions = a.newSendChannel<unknown>()

    await questions.send({ question: 'how', reply })

    const receiver = await b.waitReceiveChannel<{ reply: Sender<string> }>()
    const there = (await receiver.receive()).value?.reply

    await there?.send('so')
    await there?.close()

    expect(await answers.receive()).toEqual({ done: false, value: 'so' })
    expect(await answers.receive()).toEqual({ done: true, value: undefined })
    await settle()
    expect(a.stat()).toEqual({ opened: 1, accepted: 0, unclaimed: 0, pending: 0 })
  })

  it('carries a receiver', async () => {
    const { a, b } = sessionPair()
    const [receiver, sender] = pipe<string>({ capacity: 3 })
    const carrier = a.newSendChannel<unknown>()

    await carrier.send([receiver])
    await sender.send('x')
    await sender.send('y')
    await sender.close()

    const { value } = await (await b.waitReceiveChannel<[Receiver<string>]>()).receive()

    expect(await value?.[0].receive()).toEqual({ done: false, value: 'x' })
    expect(await value?.[0].receive()).toEqual({ done: false, value: 'y' })
    expect(await value?.[0].receive()).toEqual({ done: true, value: undefined })
  })

  it('carries a byte stream', async () => {
    const { a, b } = sessionPair()
    const [local, remote] = a.createByteStream()
    const carrier = a.newSendChannel<unknown>()

    await carrier.send(remote)

    const { value } = await (await b.waitReceiveChannel<ByteStream>()).receive()

    await local.end('hello')

    expect(await value?.text()).toBe('hello')
    await value?.end('bye')
    expect(await local.text()).toBe('bye')
  })

  it('closes both sides', async () => {
    const { a, b } = sessionPair()
    const waiting = b.waitReceiveChannel()

    const refused = expect(waiting).rejects.toMatchObject({ code: 'SessionClosed' })

    await a.close()
    await refused

    expect(await a.closed).toEqual({ by: 'us' })
    expect(await b.closed).toEqual({ by: 'them' })
  })
})
