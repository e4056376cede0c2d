import { describe, expect, it } from 'vitest'
import { pipe } from '../../../src/channel/pipe/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { sessionPair } from './session-pair.ts'
import type { Sender } from '../../../src/channel/contract/index.ts'

const MANY = 10_000

interface Question {
  number: number
  reply: Sender<number>
}

describe('ten thousand nested channels, opened and closed', () => {
  it.each([
    ['made by the session', true],
    ['made elsewhere', false]
  ])('leave nothing behind (%s)', async (_, isNested) => {
    const { a, b, clock } = sessionPair({ maxOpenStreams: 8 })
    const questions = a.newSendChannel<Question>()
    const receiver = await b.waitReceiveChannel<Question>()
    const answering = (async () => {
      for await (const { number, reply } of receiver) {
        await reply.send(number)
        await reply.close()
      }
    })()

    for (let number = 0; number < MANY; number++) {
      const [answers, reply] = isNested ? a.createNestedReceiver<number>() : pipe<number>()

      await questions.send({ number, reply })

      if ((await answers.receive()).value !== number) {
        throw new Error(`question ${number} got another answer`)
      }

      await answers.closed
    }

    await settle()

    expect([a.stat(), b.stat()]).toEqual([
      { opened: 1, accepted: 0, unclaimed: 0, pending: 0 },
      { opened: 0, accepted: 1, unclaimed: 0, pending: 0 }
    ])
    expect(clock.pending).toBeLessThanOrEqual(1)

    await questions.close()
    await answering
    await a.close()
    await b.closed
    expect(clock.pending).toBe(0)
  })
})

describe('a hundred thousand messages', () => {
  it('arrive in order', async () => {
    const { a, b } = sessionPair()
    const sender = a.newSendChannel<number>()
    const receiver = await b.waitReceiveChannel<number>()
    const sending = (async () => {
      for (let number = 0; number < 100_000; number++) {
        await sender.send(number)
      }

      await sender.close()
    })()
    let next = 0

    for await (const number of receiver) {
      if (number !== next++) {
        throw new Error(`message ${number} came in the place of ${next - 1}`)
      }
    }

    await sending
    expect(next).toBe(100_000)
  })
})
