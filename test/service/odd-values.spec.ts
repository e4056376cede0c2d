import { describe, expect, it } from 'vitest'
import { Client, createClient, exitMessage, exitStatusOf, method, pipeline, reference, Server, service, task, VERBS } from '../../src/service/index.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** More entries than a call may have arguments. */
const WIDE = 300_000

/** Takes its time to refuse what is no number. */
const patient: StandardSchemaV1<number> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) => typeof value === 'number' ? { value } : { issues: [{ message: 'no number' }] }
  }
}

describe('a value that is odd', () => {
  it('may be as wide as a message may be, when it is refused', async () => {
    const target = service({ double: method(patient, (n: number) => n * 2) })

    await using client = createClient<typeof target>(reference(target))

    await expect(client.double(new Array(WIDE).fill(0) as unknown as number)).rejects.toMatchObject({ code: 'InvalidArgument' })
    expect(await client.double(21)).toBe(42)
  })

  it.each<[string, unknown]>([
    ['nothing that has a text', Object.create(null)],
    ['an error whose message is no text', Object.assign(new Error(), { message: 5 })],
    ['a symbol', Symbol('odd')],
    ['undefined', undefined]
  ])('is told as ServiceFailed when a handler throws it: %s', async (_, odd) => {
    const target = new Client(reference(new Server('odd').onGet(() => { throw odd })))

    await expect(target.get()).rejects.toMatchObject({ code: 'ServiceFailed' })
  })

  it.each([Number.MAX_SAFE_INTEGER, 1e21])('may be %d milliseconds to wait', async (timeoutMs) => {
    const target = new Client(reference(new Server().onLs(() => ['here'])))

    expect(await target.ls([], { timeoutMs })).toEqual(['here'])
  })
})

describe('an exit code that no process can have', () => {
  it.each([-1, 256, 512, 1.5, NaN, Infinity, 3_221_225_477, 'abc' as unknown as number])('is a failure: %s', async (code) => {
    const line = pipeline([{ name: 'odd', object: reference(task(async () => ({ code }))) }])

    await line.start()

    expect(await line.ended).toMatchObject({ code: 1, stages: [{ name: 'odd', code: 1 }] })
  })

  it.each(['-1', '256', 'abc', '', '1e1', '99999999999'])('is one also in the words of another: %j', (code) => {
    expect(exitStatusOf({ verb: VERBS.set, args: ['exit', code, ''] })).toEqual({ code: 1 })
  })

  it('is none of those that there are', () => {
    expect(exitStatusOf(exitMessage({ code: 255 }))).toEqual({ code: 255 })
    expect(exitStatusOf(exitMessage({ code: 137, signal: 'SIGKILL' }))).toEqual({ code: 137, signal: 'SIGKILL' })
  })
})
