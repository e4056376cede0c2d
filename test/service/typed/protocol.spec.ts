import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pipe } from '../../../src/channel/index.ts'
import { reference, VERBS } from '../../../src/service/index.ts'
import { createClient, service } from '../../../src/service/typed/index.ts'
import { turns } from '../../support/settle.ts'
import { aborted, rejection } from './setup.ts'
import type { Receiver, Sender } from '../../../src/channel/index.ts'
import type { Message, Reference } from '../../../src/service/index.ts'

const sums = service({
  add: ({ a, b }: { a: number, b: number }) => a + b,
  later: async (_: undefined, { signal }: { signal: AbortSignal }) => aborted(signal)
})

/** The two channels of an attachment, by hand. */
async function attached (): Promise<{ calls: Sender<unknown>, results: Receiver<unknown>, ack: Message }> {
  const [results, ret] = pipe<unknown>({ capacity: 64 })

  await reference(sums).send({ verb: VERBS.attach, args: ['', 'rpc/1'], ret })

  const ack = (await results.receive()).value as Message

  return { calls: ack.ret as Sender<unknown>, results, ack }
}

async function next (results: Receiver<unknown>): Promise<unknown> {
  return (await results.receive()).value
}

describe('the protocol of typed services', () => { // spec-service 7
  it('is attached to by its name, or behind an empty one', async () => {
    const [results, ret] = pipe<Message>()

    void reference(sums).send({ verb: VERBS.attach, args: ['rpc/1'], ret })

    expect((await results.receive()).value).toMatchObject({ verb: VERBS.ack, args: ['rpc/1', '1024'] })
    results.cancel()
  })

  it('says with the Ack what it is, and how many calls may be open', async () => {
    const { ack, calls } = await attached()

    expect(ack).toMatchObject({ verb: VERBS.ack, args: ['rpc/1', '1024'] })
    await calls.close()
  })

  it('carries calls and results as lists', async () => {
    const { calls, results } = await attached()

    await calls.send([0, 1, 'add', { a: 1, b: 2 }])
    expect(await next(results)).toEqual([0, 1, 3])

    await calls.send([0, 1, 'add', { a: 2, b: 2 }, { 'timeout-ms': '1000' }])
    expect(await next(results)).toEqual([0, 1, 4])

    await calls.send([0, 2, 'subtract', null])
    expect(await next(results)).toEqual([1, 2, 'NotImplemented', 'there is no method "subtract"; there are add, later'])

    await calls.close()
    expect(await results.receive()).toMatchObject({ done: true })
  })

  it('answers a call that was given up, once', async () => {
    const { calls, results } = await attached()

    await calls.send([0, 7, 'later'])
    await calls.send([1, 7, 'CallCancelled', 'not needed'])
    await calls.send([1, 7, 'CallCancelled', 'not needed'])
    await calls.send([1, 99])

    expect(await next(results)).toEqual([1, 7, 'CallCancelled', 'not needed'])
    await calls.close()
    expect(await results.receive()).toMatchObject({ done: true })
  })

  it('answers open calls before it ends', async () => {
    const { calls, results } = await attached()

    await calls.send([0, 1, 'later'])
    await calls.send([0, 2, 'add', { a: 1, b: 1 }])
    await calls.send([1, 1])
    await calls.close()

    expect(await next(results)).toEqual([0, 2, 2])
    expect(await next(results)).toMatchObject([1, 1, 'CallCancelled', 'the caller of later gave up'])
    expect(await results.receive()).toMatchObject({ done: true })
  })

  it.each([
    [null], ['call'], [{}], [[]], [[0]], [[0, 0, 'add']], [[0, 1.5, 'add']], [[0, -1, 'add']], [[0, '1', 'add']], [[0, 1, 7]], [[2, 1]], [['0', 1, 'add']]
  ])('ends the attachment at %j', async (garbage) => {
    const { calls, results } = await attached()

    await calls.send([0, 5, 'later'])
    await calls.send(garbage)

    expect(await rejection(results.receive())).toMatchObject({ code: 'ChannelAborted', reason: { code: 2, message: expect.stringMatching(/^wanted .* received /) } })
    expect((await calls.closed).how).toBe('cancelled')
  })

  it('ends the attachment at an id that is in use', async () => {
    const { calls, results } = await attached()

    await calls.send([0, 1, 'later'])
    await calls.send([0, 1, 'later'])

    expect(await rejection(results.receive())).toMatchObject({ reason: { code: 2 } })
  })

  it('never crashes a service, whatever a client sends', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(frame(), fc.anything()), { maxLength: 8 }), async (frames) => {
      const { calls, results } = await attached()

      for (const garbage of frames) {
        await calls.send(garbage).catch(() => {})
      }

      await calls.close()
      results.cancel()
      expect(['closed', 'cancelled']).toContain((await calls.closed).how)
    }), { numRuns: 200 })
  })
})

/** Almost right. */
function frame (): fc.Arbitrary<unknown[]> {
  return fc.tuple(fc.constantFrom<unknown>(0, 1, 2), fc.constantFrom<unknown>(1, 2, 3, 0, null), fc.constantFrom<unknown>('add', 'later', '__proto__', 7), fc.anything(), fc.constantFrom<unknown>(undefined, {}, { 'timeout-ms': '0' }, [], 'x'))
}

/** A service that answers each call by hand. */
function byHand (answer: (frame: readonly unknown[], results: Sender<unknown>) => Promise<void> | void): Reference {
  return reference(async (call) => {
    const [calls, sender] = pipe<readonly unknown[]>({ capacity: 8 })
    const results = call.takeRet() as Sender<unknown>

    await results.send({ verb: VERBS.ack, args: ['rpc/1'], ret: sender })

    try {
      for await (const one of calls) {
        await answer(one, results)
      }
    } catch {
      // the client went
    }
  })
}

describe('a client of what is no service', () => {
  it.each([
    ['an unknown id', [0, 99, 'x']],
    ['no list', 'x'],
    ['another kind', [7, 1, 'x']],
    ['an error without a message', [1, 1, 'NotFound']],
    ['an empty list', []]
  ])('fails with ProtocolViolation at %s', async (_, garbage) => {
    const target = byHand(async (_call, results) => results.send(garbage))
    await using client = createClient<typeof sums>(target)
    const calls = [rejection(client.add({ a: 1, b: 1 })), rejection(client.add({ a: 1, b: 1 }))]

    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(['ProtocolViolation', 'ProtocolViolation'])
  })

  it('fails with ProtocolViolation at the second result of a call', async () => {
    const target = byHand(async (_call, results) => {
      await results.send([0, 1, 'first'])
      await results.send([0, 1, 'second'])
    })
    await using client = createClient<typeof sums>(target)

    expect(await client.add({ a: 1, b: 1 })).toBe('first')
    await turns(5)
    expect(await rejection(client.add({ a: 1, b: 1 }))).toMatchObject({ code: 'ProtocolViolation' })
  })

  it('fails when the service ends the attachment', async () => {
    const closing = byHand(async (_call, results) => results.close())
    const aborting = byHand((_call, results) => { results.abort({ code: 2, message: 'wanted a list, received 7' }) })
    await using first = createClient<typeof sums>(closing)
    await using second = createClient<typeof sums>(aborting)

    expect(await rejection(first.add({ a: 1, b: 1 }))).toMatchObject({ code: 'Unavailable' })
    expect(await rejection(second.add({ a: 1, b: 1 }))).toMatchObject({ code: 'ProtocolViolation', message: expect.stringContaining('wanted a list, received 7') })
  })

  it('never hangs or crashes, whatever comes', async () => {
    const result = fc.tuple(fc.constantFrom<unknown>(0, 1, 2), fc.constantFrom<unknown>(1, 2, 3, null), fc.anything(), fc.anything())

    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(result, fc.anything()), { minLength: 1, maxLength: 4 }), async (frames) => {
      const target = byHand(async (_call, results) => {
        for (const one of frames) {
          await results.send(one)
        }

        await results.close()
      })
      await using client = createClient<typeof sums>(target)
      const settled = await Promise.allSettled([client.add({ a: 1, b: 1 }), client.add({ a: 1, b: 1 })])

      expect(settled).toHaveLength(2)
    }), { numRuns: 200 })
  })
})
