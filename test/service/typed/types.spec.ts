import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { contract, createClient, implement, method, service } from '../../../src/service/typed/index.ts'
import type { ByteStream, Receiver, Sender } from '../../../src/channel/index.ts'
import type { Reference } from '../../../src/service/index.ts'
import type { CallContext, SequenceAnswer, TypedCallOptions, TypedClient } from '../../../src/service/typed/index.ts'
import type { Readable } from 'node:stream'

export const users = service({
  get: method(z.object({ id: z.coerce.number<string>() }), z.object({ name: z.string().transform((name) => name.length) }), ({ id }) => {
    expectTypeOf(id).toEqualTypeOf<number>()

    return { name: 'ann' }
  }),
  only: method(z.string(), async (text) => text.length),
  add: async ({ a, b }: { a: number, b: number }, context) => {
    expectTypeOf(context).toEqualTypeOf<CallContext>()

    return a + b
  },
  ping: () => 'pong' as const,
  find: (id: number) => id === 0 ? undefined : { id },
  is: () => true,
  watch: async function * ({ id }: { id: number }) { yield { id, at: new Date() } },
  checked: method(z.number(), z.string(), async function * () { yield 'a' }),
  channel: async () => ({}) as Receiver<{ file: Readable }>,
  bytes: () => ({}) as Readable,
  sink: ({ to }: { to: Sender<string> }) => { void to },
  admin: { users: { count: async () => 1 } }
})

type Client = TypedClient<typeof users>

describe('the client of a service has types that', () => {
  it('are those of its functions', () => {
    expectTypeOf<Client['add']>().parameters.toEqualTypeOf<[input: { a: number, b: number }, options?: TypedCallOptions]>()
    expectTypeOf<Client['add']>().returns.toEqualTypeOf<Promise<number>>()
    expectTypeOf<Client['ping']>().parameters.toEqualTypeOf<[input?: undefined, options?: TypedCallOptions]>()
    expectTypeOf<Client['ping']>().returns.toEqualTypeOf<Promise<'pong'>>()
    expectTypeOf<Client['find']>().returns.toEqualTypeOf<Promise<{ id: number } | undefined>>()
    expectTypeOf<Client['is']>().returns.toEqualTypeOf<Promise<boolean>>()
    expectTypeOf<Client['admin']['users']['count']>().returns.toEqualTypeOf<Promise<number>>()
    expectTypeOf<Client['sink']>().returns.toEqualTypeOf<Promise<void>>()
  })

  it('are what schemas take and give', () => {
    expectTypeOf<Parameters<Client['get']>[0]>().toEqualTypeOf<{ id: string }>()
    expectTypeOf<Client['get']>().returns.toEqualTypeOf<Promise<{ name: number }>>()
    expectTypeOf<Client['only']>().returns.toEqualTypeOf<Promise<number>>()
  })

  it('make sequences of generators and channels, and our streams of all streams', () => {
    expectTypeOf<Client['watch']>().returns.toEqualTypeOf<SequenceAnswer<{ id: number, at: Date }>>()
    expectTypeOf<Client['checked']>().returns.toEqualTypeOf<SequenceAnswer<string>>()
    expectTypeOf<Client['channel']>().returns.toEqualTypeOf<SequenceAnswer<{ file: ByteStream }>>()
    expectTypeOf<Client['bytes']>().returns.toEqualTypeOf<Promise<ByteStream>>()
  })

  it('come with the service, or with `typeof` it and a reference', () => {
    expectTypeOf(createClient<typeof users>).returns.toEqualTypeOf<Client>()
    expectTypeOf(createClient<typeof users>).toBeCallableWith({} as Reference, { timeoutMs: 1 })
    expectTypeOf<Client>().toExtend<AsyncDisposable>()
    // @ts-expect-error there is no such method
    expectTypeOf<Client['nothing']>()
    // @ts-expect-error a number is no string
    expectTypeOf<Client['only']>().toBeCallableWith(7)
  })

  it('are those of a contract', () => {
    const api = contract({ get: { input: z.number(), output: z.string() }, list: { input: z.object({}), items: z.number() }, forget: { input: z.number() } })
    type ApiClient = TypedClient<typeof api>

    expectTypeOf<ApiClient['get']>().returns.toEqualTypeOf<Promise<string>>()
    expectTypeOf<ApiClient['list']>().returns.toEqualTypeOf<SequenceAnswer<number>>()
    expectTypeOf<ApiClient['forget']>().returns.toEqualTypeOf<Promise<unknown>>()

    const made = implement(api, { get: (n) => n.toFixed(), async * list () { yield 1 }, forget: () => {} })

    expectTypeOf(made.methods).toHaveProperty('get')
    expectTypeOf<TypedClient<typeof made>['get']>().returns.toEqualTypeOf<Promise<string>>()
    // @ts-expect-error it must give a string
    implement(api, { get: (n) => n, async * list () { yield 1 }, forget: () => {} })
  })
})
