import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { byteStreamPair, pipe } from '../../../src/channel/index.ts'
import { Client } from '../../../src/service/index.ts'
import { createClient, method, service } from '../../../src/service/typed/index.ts'
import { PLACES, rejection } from './setup.ts'
import type { ByteStream, Receiver, Sender } from '../../../src/channel/index.ts'
import type { CallContext } from '../../../src/service/typed/index.ts'

const users = service({
  get: method(z.object({ id: z.number() }), z.object({ name: z.string() }), async ({ id }) => ({ name: `user ${id}` })),
  add: async ({ a, b }: { a: number, b: number }) => a + b,
  nothing: () => {},
  who: async (_: undefined, { caller, meta, deadline }: CallContext) => ({ peer: caller.peer ?? 'local', meta, hasDeadline: deadline != null }),
  admin: { users: { count: () => 2 } },
  async sum (numbers: Receiver<number>) {
    let sum = 0

    for await (const number of numbers) {
      sum += number
    }

    return sum
  },
  async tell (to: Sender<string>) {
    await to.send('hello')
    await to.close()
  },
  collector: () => {
    const [receiver, sender] = pipe<string>()

    return { sender, said: receiver }
  },
  shout: (bytes: ByteStream) => {
    const [ours, theirs] = byteStreamPair()

    void bytes.text().then(async (text) => ours.end(text.toUpperCase()))

    return theirs
  }
}, { name: 'users' })

describe.each(PLACES)('a typed service %s', (_, place) => {
  it('answers with what its methods return', async () => {
    await using there = await place(users)
    await using client = createClient<typeof users>(there.reference)

    expect(await client.add({ a: 1, b: 2 })).toBe(3)
    expect(await client.get({ id: 7 })).toEqual({ name: 'user 7' })
    expect(await client.nothing() ?? 'nothing').toBe('nothing')
    expect(await client.admin.users.count()).toBe(2)
  })

  it('answers many calls at once, each with its own result', async () => {
    await using there = await place(users)
    await using client = createClient<typeof users>(there.reference)
    const numbers = Array.from({ length: 5000 }, (_, a) => a)

    expect(await Promise.all(numbers.map(async (a) => client.add({ a, b: 1 })))).toEqual(numbers.map((a) => a + 1))
  })

  it('tells its methods who calls, and what the call says about itself', async () => {
    await using there = await place(users)
    await using client = createClient<typeof users>(there.reference, { meta: { tenant: 'a', zone: 'b' } })

    expect(await client.who()).toEqual({ peer: 'local', meta: { tenant: 'a', zone: 'b' }, hasDeadline: false })
    expect(await client.who(undefined, { meta: { zone: 'c' }, timeoutMs: 9000 })).toEqual({ peer: 'local', meta: { tenant: 'a', zone: 'c', 'timeout-ms': '9000' }, hasDeadline: true })
  })

  it('takes channels and gives channels', async () => {
    await using there = await place(users)
    await using client = createClient<typeof users>(there.reference)
    const [numbers, adder] = pipe<number>()
    const [heard, hearer] = pipe<string>()
    const sum = client.sum(numbers)

    const told = client.tell(hearer)

    await adder.send(20)
    await adder.send(22)
    await adder.close()

    expect(await sum).toBe(42)
    expect(await heard.receive()).toEqual({ done: false, value: 'hello' })
    await told

    const { sender, said } = await client.collector()

    void sender.send('back').then(async () => sender.close())
    expect(await said.receive()).toEqual({ done: false, value: 'back' })
  })

  it('takes byte streams and gives byte streams', async () => {
    await using there = await place(users)
    await using client = createClient<typeof users>(there.reference)
    const [ours, theirs] = byteStreamPair()
    const shouted = client.shout(theirs)

    await ours.end('quiet')

    expect(await (await shouted).text()).toBe('QUIET')
  })

  it('lists its methods, and describes each', async () => {
    await using there = await place(users)
    await using client = new Client(there.reference)

    expect(await client.ls()).toEqual(['add', 'admin.users.count', 'collector', 'get', 'nothing', 'shout', 'sum', 'tell', 'who'])
    expect(await client.get('get')).toMatchObject({ name: 'get', input: { type: 'object', properties: { id: { type: 'number' } } }, output: { properties: { name: { type: 'string' } } } })
    expect(await client.get('add')).toEqual({ name: 'add' })
    expect(await client.get()).toMatchObject({ name: 'users', methods: expect.arrayContaining([{ name: 'admin.users.count' }]) })
    expect(await rejection(client.get('toString'))).toMatchObject({ code: 'NotFound', message: expect.stringContaining('it has add, ') })
  })

  it('refuses to be attached to without the protocol, or by the name of a child', async () => {
    await using there = await place(users)
    await using client = new Client(there.reference)

    expect(await rejection(client.attach())).toMatchObject({ code: 'NotImplemented', message: expect.stringContaining('rpc/1') })
    expect(await rejection(client.attach(['get', 'rpc/1']))).toMatchObject({ code: 'NotFound' })
  })
})

describe('the schemas of a method', () => {
  const Id = { zod: z.object({ id: z.number() }), valibot: v.object({ id: v.number() }), arktype: type({ id: 'number' }) }

  it.each(Object.entries(Id))('may be of %s', async (_, schema) => {
    const calls: unknown[] = []
    const one = service({ get: method(schema, ({ id }: { id: number }) => { calls.push(id) }) })
    await using client = createClient<typeof one>(one)

    await client.get({ id: 1 })

    const error = await rejection(client.get({ id: 'x' } as never))

    expect(calls).toEqual([1])
    expect(error).toMatchObject({ code: 'InvalidArgument', message: expect.stringMatching(/^get does not take this input: id: .*number/) })
    expect(error.data).toMatchObject({ issues: [{ path: 'id', message: expect.any(String) }] })
  })

  it('may make something else of the input and the output', async () => {
    const one = service({ length: method(z.string().transform((text) => text.length), z.number().transform((length) => ({ length })), (length) => length) })
    await using client = createClient<typeof one>(one)

    expect(await client.length('four')).toEqual({ length: 4 })
  })

  it('may have to wait', async () => {
    const even = z.number().refine(async (n) => n % 2 === 0, 'wanted an even number')
    const one = service({ half: method(even, even, async (n) => n / 2) })
    await using client = createClient<typeof one>(one)

    expect(await client.half(4)).toBe(2)
    expect((await rejection(client.half(3))).message).toBe('half does not take this input: wanted an even number')
    expect(await rejection(client.half(2))).toMatchObject({ code: 'ServiceFailed', message: 'half gave what its schema does not allow: wanted an even number' })
  })

  it('refuse when they throw, and show a few issues of many', async () => {
    const thrower = z.unknown().transform(() => { throw new Error('no luck') })
    const one = service({ no: method(thrower, () => 1), many: method(z.array(z.number()), () => 1) })
    await using client = createClient<typeof one>(one)

    expect(await rejection(client.no(1))).toMatchObject({ code: 'InvalidArgument', message: 'no does not take this input: no luck' })
    expect((await rejection(client.many(Array.from({ length: 20 }, () => 'x') as never))).message).toMatch(/and 12 more$/)
  })

  it('end the channels of an input that they refuse', async () => {
    const one = service({ take: method(z.object({ n: z.number() }), () => 1) })
    await using client = createClient<typeof one>(one)
    const [, sender] = pipe<number>()
    const [receiver] = pipe<number>()

    await rejection(client.take({ nested: [sender, { receiver }] } as never))

    expect((await sender.closed).how).toBe('aborted')
    expect((await receiver.closed).how).toBe('cancelled')
  })

  it('of valibot, which cannot say them in JSON Schema, are described by their vendor', async () => {
    const one = service({ get: method(Id.valibot, () => 1, { description: 'Gets one.' }) })
    await using client = new Client(one)

    expect(await client.get('get')).toEqual({ name: 'get', description: 'Gets one.', input: { vendor: 'valibot' } })
  })
})

describe('service', () => {
  it.each(['then', 'constructor', '__proto__', 'toString', 'a.b', '', 'call', '1st'])('refuses a method %j, which no client could call', (name) => {
    const methods = Object.create(null) as Record<string, () => void>

    Object.defineProperty(methods, name, { value: () => {}, enumerable: true })

    expect(() => service(methods)).toThrow(TypeError)
  })

  it('refuses what is no method, and what has none', () => {
    expect(() => service({ answer: 42 } as never)).toThrow('answer must be a function')
    expect(() => service({})).toThrow('methods of its own')
    expect(() => method(z.string(), 'x' as never)).toThrow(TypeError)
    expect(() => method({} as never, () => 1)).toThrow('the input of a method must be a Standard Schema')
  })

  it('refuses groups within themselves', () => {
    const group: Record<string, unknown> = {}

    group['again'] = group

    expect(() => service(group as never)).toThrow('at most 8 deep')
  })

  it('gives methods their group as this', async () => {
    const numbers = service({ one: () => 1, two (this: { one(): number }) { return this.one() + 1 } })
    await using client = createClient<typeof numbers>(numbers)

    expect(await client.two()).toBe(2)
  })
})
