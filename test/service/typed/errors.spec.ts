import { describe, expect, it } from 'vitest'
import { CodedError } from '../../../src/base/index.ts'
import { ServiceError } from '../../../src/service/index.ts'
import { createClient, service } from '../../../src/service/typed/index.ts'
import { FakeClock } from '../../../src/testing/index.ts'
import { eventually } from '../../support/settle.ts'
import { aborted, overSession, PLACES, rejection } from './setup.ts'
import type { CallContext } from '../../../src/service/typed/index.ts'

interface Seen { reasons: unknown[], calls: number, faults: string[] }

// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- its type is what is tested
function failing (seen: Seen = { reasons: [], calls: 0, faults: [] }) {
  return service({
    service: () => { throw new ServiceError('NotFound', 'no such user', { data: { id: 7 } }) },
    own: async () => { throw new ServiceError('ServiceFailed', 'out of tea', { remoteCode: 'Teapot' }) },
    coded: async () => { throw new CodedError('ConnectFailed', 'nobody is there') },
    plain: async () => { throw new Error('division by zero') },
    text: async () => { throw 'just a string' as never }, // eslint-disable-line no-throw-literal, @typescript-eslint/only-throw-error -- some do
    cyclic: () => {
      const data: Record<string, unknown> = {}

      data['self'] = data
      throw new ServiceError('Ambiguous', 'which one', { data })
    },
    unsendable: () => ({ fn: () => 1 }),
    hang: async (_: undefined, { signal }: CallContext) => {
      seen.calls++

      try {
        return await aborted(signal)
      } finally {
        seen.reasons.push(signal.reason)
      }
    },
    deaf: async () => {
      seen.calls++

      return new Promise(() => {})
    },
    ok: () => 'ok'
  }, { onError: ({ message }, { method }) => { seen.faults.push(`${method}: ${message}`) } })
}

function noticing (): Seen {
  return { reasons: [], calls: 0, faults: [] }
}

describe.each(PLACES)('a method that throws %s', (_, place) => {
  it.each([
    ['service', { code: 'NotFound', message: 'no such user', data: { id: 7 } }],
    ['own', { code: 'ServiceFailed', remoteCode: 'Teapot', message: 'out of tea' }],
    ['coded', { code: 'ConnectFailed', message: 'nobody is there' }],
    ['plain', { code: 'ServiceFailed', message: 'division by zero' }],
    ['text', { code: 'ServiceFailed', message: 'just a string' }],
    ['cyclic', { code: 'Ambiguous', message: 'which one', data: undefined }]
  ] as const)('tells its caller: %s', async (name, expected) => {
    const faulty = failing()
    await using there = await place(faulty)
    await using client = createClient<typeof faulty>(there.reference)

    const error = await rejection(client[name]())

    expect(error).toBeInstanceOf(ServiceError)
    expect(error).toMatchObject(expected)
    expect(error.stack).not.toContain('at Object.' + name)
    expect(await client.ok()).toBe('ok')
  })

  it('is aborted when its caller aborts, who gets the own reason', async () => {
    const seen = noticing()
    const faulty = failing(seen)
    await using there = await place(faulty)
    await using client = createClient<typeof faulty>(there.reference)
    const stop = new AbortController()
    const hung = rejection(client.hang(undefined, { signal: stop.signal }))

    await eventually(() => seen.calls === 1)
    stop.abort(new Error('changed my mind'))

    expect((await hung).message).toBe('changed my mind')
    await eventually(() => seen.reasons.length === 1)
    expect(seen.reasons).toMatchObject([{ code: 'CallCancelled', message: 'changed my mind' }])
    expect(await client.ok()).toBe('ok')
  })

  it('is aborted when its client goes', async () => {
    const seen = noticing()
    const faulty = failing(seen)
    await using there = await place(faulty)
    const client = createClient<typeof faulty>(there.reference)
    const hung = rejection(client.hang())

    await eventually(() => seen.calls === 1)
    await client[Symbol.asyncDispose]()

    expect(await hung).toMatchObject({ code: 'CallCancelled', message: 'the client was closed' })
    expect(await rejection(client.ok())).toMatchObject({ code: 'CallCancelled' })
    await eventually(() => seen.reasons.length === 1)
  })
})

describe('a service', () => {
  it('hears of errors that have no code, which are faults of its own', async () => {
    const seen = noticing()
    const faulty = failing(seen)
    await using client = createClient<typeof faulty>(faulty)

    await rejection(client.plain())
    await rejection(client.service())

    expect(seen.faults).toEqual(['plain: division by zero'])
  })

  it('says so when an output cannot be sent', async () => {
    const faulty = failing()
    await using there = await overSession(faulty)
    await using client = createClient<typeof faulty>(there.reference)

    expect(await rejection(client.unsendable())).toMatchObject({ code: 'ServiceFailed', message: expect.stringContaining('what unsendable gave cannot be sent') })
    expect(await rejection(client.ok((() => 1) as never))).toMatchObject({ code: 'UnencodableMessage' })
    expect(await client.ok()).toBe('ok')
  })
})

describe('the time of a call', () => {
  it('ends it on both sides', async () => {
    const clock = new FakeClock()
    const seen = noticing()
    const faulty = failing(seen)
    const client = createClient<typeof faulty>(faulty, { clock, timeoutMs: 500 })
    const hung = rejection(client.hang())
    const patient = rejection(client.hang(undefined, { timeoutMs: 800 }))

    await eventually(() => seen.calls === 2)
    await clock.advance(499)
    expect(seen.reasons).toEqual([])
    await clock.advance(1)

    expect(await hung).toMatchObject({ code: 'DeadlineExceeded', message: expect.stringMatching(/^hang (was not answered within 500 ms|did not answer in the time)/) })
    expect(seen.reasons).toMatchObject([{ code: 'DeadlineExceeded' }])

    await clock.advance(300)
    expect(await patient).toMatchObject({ code: 'DeadlineExceeded' })
    expect(await client.ok()).toBe('ok')
    await client[Symbol.asyncDispose]()
    await eventually(() => clock.pending === 0)
  })

  it('ends a call whose handler listens to nothing', async () => {
    const clock = new FakeClock()
    const seen = noticing()
    const faulty = failing(seen)
    await using client = createClient<typeof faulty>(faulty, { clock })
    const hung = rejection(client.deaf(undefined, { timeoutMs: 10 }))

    await eventually(() => seen.calls === 1)
    await clock.advance(10)

    expect(await hung).toMatchObject({ code: 'DeadlineExceeded' })
  })

  it('may be over at once, and then nothing is done', async () => {
    const clock = new FakeClock()
    const seen = noticing()
    const faulty = failing(seen)
    await using client = createClient<typeof faulty>(faulty, { clock })

    expect(await rejection(client.deaf(undefined as never, { timeoutMs: 0 }))).toMatchObject({ code: 'DeadlineExceeded' })
    expect(seen.calls).toBe(0)
  })

  it('must be a number, and what the call says of itself strings', async () => {
    const faulty = failing()
    await using client = createClient<typeof faulty>(faulty)

    expect(() => { void client.ok(undefined, { timeoutMs: -1 }) }).toThrow(RangeError)
    expect(await rejection(client.ok(undefined as never, { meta: { 'timeout-ms': 'soon' } }))).toMatchObject({ code: 'InvalidArgument' })
    expect(await rejection(client.ok(undefined as never, { meta: { n: 1 as never } }))).toMatchObject({ code: 'InvalidArgument' })
    expect(await client.ok()).toBe('ok')
  })

  it('is not taken by a signal that has aborted already', async () => {
    const seen = noticing()
    const faulty = failing(seen)
    await using client = createClient<typeof faulty>(faulty)
    const reason = new Error('too late')

    expect(await rejection(client.deaf(undefined as never, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(seen.calls).toBe(0)
  })
})
