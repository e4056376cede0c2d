import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { contract, createClient, implement, service } from '../../../src/service/typed/index.ts'
import { rejection } from './setup.ts'

const api = contract({
  get: { input: z.object({ id: z.number() }), output: z.object({ name: z.string() }) },
  list: { input: z.number(), items: z.number() },
  forget: { input: z.number() }
})

describe('a contract', () => {
  it('is implemented by functions, whose input and output it checks', async () => {
    const users = implement(api, {
      get: ({ id }) => id === 0 ? { name: 7 as never } : { name: `user ${id}` },
      async * list (to) { for (let n = 0; n < to; n++) { yield n } },
      forget: () => undefined
    })
    await using client = createClient<typeof api>(users)

    expect(await client.get({ id: 1 })).toEqual({ name: 'user 1' })
    expect(await client.forget(1)).toBeUndefined()
    expect(await rejection(client.get({ id: 'x' as never }))).toMatchObject({ code: 'InvalidArgument' })
    expect(await rejection(client.get({ id: 0 }))).toMatchObject({ code: 'ServiceFailed' })
  })

  it('lets clients check what a service gives that does not', async () => {
    const loose = service({
      get: ({ id }: { id: number }) => id === 0 ? 'nobody' : { name: `user ${id}` },
      list: async function * () { yield 1; yield 'two' },
      forget: () => 1
    })
    await using client = createClient<typeof api>(loose, { contract: api })
    const got: unknown[] = []

    expect(await client.get({ id: 1 })).toEqual({ name: 'user 1' })
    expect(await client.forget(1)).toBe(1)
    expect(await rejection(client.get({ id: 0 }))).toMatchObject({ code: 'ServiceFailed', message: expect.stringMatching(/^get gave what the contract does not allow: /) })
    expect(await rejection((async () => {
      for await (const n of client.list(2)) {
        got.push(n)
      }
    })())).toMatchObject({ code: 'MessageRejected' })
    expect(got).toEqual([1])
  })

  it('must be of schemas, and be kept whole', () => {
    expect(() => contract({ get: { input: 7 as never } })).toThrow('the input of get must be a Standard Schema')
    expect(() => contract({ get: { input: z.string(), items: {} as never } })).toThrow('the output of get')
    expect(() => implement(api, { get: () => ({ name: '' }) } as never)).toThrow('the contract wants a function for list, received undefined')
  })
})
