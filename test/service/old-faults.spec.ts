import { describe, expect, it } from 'vitest'
import { byteStreamPair } from '../../src/channel/index.ts'
import { Client, reference, RetPipe, send, Server, tapped, task, toMessage, Tree, verbName, VERBS } from '../../src/service/index.ts'
import { SERVICE_LINKS } from '../support/service-links.ts'
import type { Message } from '../../src/service/index.ts'

/* What was wrong with libswarm's core, and stays right here. */

describe.each(Object.entries(SERVICE_LINKS))('what libswarm got wrong, %s', (_way, open) => {
  it('gives the caller the error of a handler, with its message', async () => {
    await using link = await open()
    const client = new Client(await link.reach(() => { throw new Error('bad image name') }))

    await expect(client.spawn('x')).rejects.toMatchObject({ code: 'ServiceFailed', message: 'bad image name' })
  })

  it('handles what is sent in the order in which it was sent', async () => {
    await using link = await open()
    const seen: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const client = new Client(await link.reach(new Server().onLog(async ([, text = '']) => {
      await Promise.resolve() // a handler that takes its time does not let the next one overtake it
      seen.push(text)

      if (text === '19') {
        resolve()
      }
    })))

    for (let number = 0; number < 20; number++) {
      await client.log('info', String(number))
    }

    await promise
    expect(seen).toEqual(Array.from({ length: 20 }, (_, number) => String(number)))
  })

  it.each([{}, { args: [] }, { verb: null }, { verb: 'ack' }, { verb: 0.5 }, { verb: -1 }, { verb: 13 }])('takes %j for no message, and not for an ack', async (garbled) => {
    await using link = await open()
    const client = new Client(await link.reach(async (call) => {
      await call.answer(garbled as unknown as Message)
    }))

    await expect(client.start()).rejects.toMatchObject({ code: 'InvalidMessage' })
  })

  it.each(['watch', 'start', 'stop', 'ls', 'get', 'connect', 'attach', 'spawn', 'file', 'set'] as const)('%s rejects when the object ends without an answer', async (verb) => {
    await using link = await open()
    const client = new Client(await link.reach(async (call) => call.end()))

    await expect(client[verb]([])).rejects.toMatchObject({ code: 'NoAnswer' })
  })

  it('reads errors without args, and with one', async () => {
    await using link = await open()
    const client = new Client(await link.reach(async (call) => {
      await call.answer({ verb: VERBS.error, args: call.args })
      await call.end()
    }))

    await expect(client.ls()).rejects.toMatchObject({ code: 'ServiceFailed', message: 'the service failed, and did not say why' })
    await expect(client.ls('100%d full')).rejects.toMatchObject({ code: 'ServiceFailed', message: '100%d full' })
  })

  it('survives an attach without a name', async () => {
    await using link = await open()
    const target = await link.reach(new Server().onAttach((name) => new Server().onGet(() => name)))

    const answers = await send(target, { verb: VERBS.attach, args: [], ret: RetPipe })
    const { value } = await answers.receive()

    expect(value?.verb).toBe(VERBS.ack)
    answers.cancel()
    expect(await (await new Client(target).child('')).get()).toBe('')
  })

  it('closes the channel of answers behind them', async () => {
    await using link = await open()
    const target = await link.reach(new Server().onLs(() => []))

    const answers = await send(target, { verb: VERBS.ls, args: [], ret: RetPipe })

    expect((await answers.receive()).done).toBe(false)
    expect((await answers.receive()).done).toBe(true)
  })

  it('keeps objects alive that are given out through a tap', async () => {
    await using link = await open()
    const object = new Server().onAttach((name) => new Server().onGet(() => ({ name })))
    const client = new Client(await link.reach(tapped(await link.reach(object), () => {})))

    const child = await client.child('web')

    expect([await child.get(), await child.get()]).toEqual([{ name: 'web' }, { name: 'web' }])
  })

  it('lets everybody who attached hear all of it, and its end', async () => {
    await using link = await open()
    const client = new Client(await link.reach(task(async ({ log }) => {
      for (let number = 0; number < 6; number++) {
        await log(String(number))
      }
    })))

    const heard = [await client.attach(''), await client.attach('')].map(async ({ output }) => textsOf(output))
    await client.start()

    const expected = ['0', '1', '2', '3', '4', '5', '0 ']
    expect(await Promise.all(heard)).toEqual([expected, expected])
  })

  it('starts a task once', async () => {
    await using link = await open()
    let runs = 0
    const client = new Client(await link.reach(task(async () => { runs++ }, { name: 'once' })))

    const started = await Promise.allSettled([client.start(), client.start()])

    expect(started.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(runs).toBe(1)
    await expect(client.start()).rejects.toMatchObject({ code: 'FailedPrecondition', message: 'once can be started once, and has ended already' })
  })

  it('finds objects in trees of trees', async () => {
    await using link = await open()
    const tree = new Tree({ docker: new Tree({ web: new Server().onGet(() => 'web') }) })
    const client = new Client(await link.reach(tree))

    expect(await (await client.child('docker/web')).get()).toBe('web')
    await expect(client.child('docker/db')).rejects.toMatchObject({ code: 'NotFound' })
  })

  it('keeps a child of a tree for others when one who has it is lost', async () => {
    const tree = new Tree({ web: reference(new Server().onGet(() => 'web')) })
    await using other = await open()
    const client = new Client(await other.reach(tree))

    {
      await using link = await open()
      const lost = await new Client(await link.reach(tree)).child('web')

      expect(await lost.get()).toBe('web')
      lost.target.abort('lost')
    }

    expect(await (await client.child('web')).get()).toBe('web')
  })

  it('says which verb it is, up to the last one', () => {
    expect(verbName(VERBS.watch)).toBe('watch')
  })

  it('carries bytes whole when one direction ends before the other', async () => {
    await using link = await open()
    const { promise, resolve } = Promise.withResolvers<string>()
    const target = await link.reach(async ({ att }) => {
      const text = await att?.text()

      await att?.end(`${text?.length}`)
      resolve('told')
    })
    const [ours, theirs] = byteStreamPair()

    await target.send({ verb: VERBS.file, args: ['stdout'], att: theirs })
    await ours.end('x'.repeat(100_000))

    expect(await ours.text()).toBe('100000')
    expect(await promise).toBe('told')
  })
})

describe('an empty message', () => {
  it('is no message', () => {
    expect(() => toMessage({})).toThrow('wanted a verb from 0 (ack) to 12 (watch), received undefined')
    expect(() => toMessage(undefined)).toThrow('wanted a message, received undefined')
  })
})

async function textsOf (output: AsyncIterable<Message>): Promise<string[]> {
  const texts: string[] = []

  for await (const { args } of output) {
    texts.push(args.slice(1).join(' '))
  }

  return texts
}
