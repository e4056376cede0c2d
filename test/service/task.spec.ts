import { describe, expect, it } from 'vitest'
import { pipe } from '../../src/channel/index.ts'
import { Client, DRAIN_MS, readMessages, reference, Server, serving, task, VERBS } from '../../src/service/index.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { SERVICE_LINKS } from '../support/service-links.ts'
import { eventually } from '../support/settle.ts'
import type { Message, TaskStatus, Task } from '../../src/service/index.ts'

const forever = (): Task => task(async ({ signal }) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason) }) }), { name: 'forever' })

async function lastOf (output: AsyncIterable<Message>): Promise<ReadonlyArray<readonly string[]>> {
  const all: Array<readonly string[]> = []

  for await (const { args } of output) {
    all.push(args)
  }

  return all
}

describe.each(Object.entries(SERVICE_LINKS))('Task, %s', (_way, open) => {
  it.each([
    ['what it returns', async () => ({ code: 3, signal: 'SIGHUP' }), [['exit', '3', 'SIGHUP']], { state: 'exited', code: 3, signal: 'SIGHUP' }],
    ['0 when it returns nothing', async () => {}, [['exit', '0', '']], { state: 'exited', code: 0 }],
    ['1 and an error when it throws', async () => { throw new Error('broken') }, [['ServiceFailed', 'broken'], ['exit', '1', '']], { state: 'exited', code: 1, error: 'broken' }]
  ] as const)('exits with %s', async (_what, run, last, status) => {
    await using link = await open()
    const client = new Client(await link.reach(task(run)))

    const { output } = await client.attach('')
    await client.start()

    expect(await lastOf(output)).toEqual(last)
    expect(await client.get('status')).toEqual(status)
    expect(await lastOf((await client.attach('')).output)).toEqual(last)
  })

  it('ends its input when all that was given out has been closed', async () => {
    await using link = await open()
    const client = new Client(await link.reach(task(async ({ input, log }) => {
      for await (const { args } of readMessages(input)) {
        await log(args.join(' '))
      }
    })))

    const [one, other] = [await client.attach(''), await client.attach('')]
    other.output.cancel()
    await client.start()
    const heard = lastOf(one.output)
    await one.input?.log('a', '1')
    await one.input?.close()
    await other.input?.log('b', '2')
    await other.input?.close()

    expect(await heard).toEqual([['info', 'a 1'], ['info', 'b 2'], ['exit', '0', '']])
  })

  it('never takes an input that was given up for one that has ended', async () => {
    await using link = await open()
    const client = new Client(await link.reach(task(async ({ input }) => {
      while ((await input.receive()).done !== true) {
        // on to the next
      }
    })))

    const { input, output } = await client.attach('')
    await client.start()
    input?.target.abort('the disk is broken')

    expect((await lastOf(output)).at(-1)).toEqual(['exit', '1', ''])
    expect((await client.get<TaskStatus>('status')).error).toContain('the disk is broken')
  })

  it('is stopped, also when nobody hears what it says', async () => {
    await using link = await open()
    const client = new Client(await link.reach(task(async ({ log }) => { await log('nobody is here') })))

    await client.start()
    await client.stop()

    expect(await client.get('status')).toEqual({ state: 'exited', code: 0 })
  })

  it('is stopped once, by whoever comes first, and again without harm', async () => {
    await using link = await open()
    const client = new Client(await link.reach(forever()))

    await client.start()
    await Promise.all([client.stop(), client.stop()])
    await client.stop()

    expect(await client.get('status')).toEqual({ state: 'exited', code: 143, signal: 'SIGTERM' })
  })

  it('can be stopped before it starts, and then does not', async () => {
    await using link = await open()
    const client = new Client(await link.reach(forever()))

    await client.stop()

    expect(await client.get('status')).toEqual({ state: 'exited', code: 143, signal: 'SIGTERM' })
    await expect(client.start()).rejects.toMatchObject({ code: 'FailedPrecondition' })
  })

  it('ends when its last listener leaves, as by SIGPIPE', async () => {
    await using link = await open()
    const client = new Client(await link.reach(task(async ({ log }) => {
      for (;;) {
        await log('y')
      }
    })))

    const { output } = await client.attach('')
    await client.start()
    await output.receive()
    output.cancel()

    expect(await client.get(['status', 'exited'])).toEqual({ state: 'exited', code: 141, signal: 'SIGPIPE' })
  })

  it('is stopped when its reference is gone, though somebody still listens', async () => {
    await using link = await open()
    const endless = forever()
    const client = new Client(await link.reach(endless))

    const { output } = await client.attach('')
    await client.start()
    await client.close()

    expect(await endless.ended).toEqual({ state: 'exited', code: 143, signal: 'SIGTERM' })
    expect(await lastOf(output)).toEqual([['exit', '143', 'SIGTERM']])
  })

  it('answers requests by its input', async () => {
    await using link = await open()
    const client = new Client(await link.reach(serving(new Server('inner').onLs(() => ['a']).onAttach((name) => new Server().onGet(() => name)))))

    await client.start()

    expect(await client.ls()).toEqual(['a'])
    expect(await (await client.child('a')).get()).toBe('a')
    await client.stop()
    await expect(client.ls()).rejects.toMatchObject({ code: 'FailedPrecondition', message: 'this task takes no ls: its input has ended' })
  })

  it('tells those who still send that it has ended', async () => {
    await using link = await open()
    const client = new Client(await link.reach(task(async ({ input }) => { await input.receive() })))

    const { input, output } = await client.attach('')
    output.cancel()
    await client.start()
    await input?.log('info', 'enough')

    expect((await input?.target.closed)?.how).toBe('cancelled')
  })
})

describe('Task', () => {
  it('gives bytes and channels to the listener who came first, and all else to all', async () => {
    const both = task(async ({ output }) => {
      const [, ret] = pipe<Message>()

      await output.send({ verb: VERBS.log, args: ['plain'] })
      await output.send({ verb: VERBS.get, args: ['with ret'], ret })
    })
    const client = new Client(both)

    const heard = [await client.attach(''), await client.attach('')].map(async ({ output }) => lastOf(output))
    await client.start()

    expect(await Promise.all(heard)).toEqual([[['plain'], ['with ret'], ['exit', '0', '']], [['plain'], ['exit', '0', '']]])
  })

  it('waits, after a stop, 5 s for those who listen slowly', async () => {
    const clock = new FakeClock()
    const second = task(async ({ output: says }) => {
      for (;;) {
        await says.send({ verb: VERBS.log, args: [] })
      }
    }, { clock })
    const listened = await new Client(reference(second, { clock })).attach('')
    second.start()
    const stopped = second.stop()
    await clock.advance(DRAIN_MS - 1)
    const before = second.status.state
    await clock.advance(1)
    await stopped

    expect([DRAIN_MS, before, second.status.state]).toEqual([5000, 'running', 'exited'])
    listened.output.cancel()
    await settle()
    expect(clock.pending).toBe(0)
  })

  it('aborts its input when one who has spoken is lost, though another is there', async () => {
    const ends: string[] = []
    const reading = task(async ({ input }) => {
      await input.receive()
      ends.push((await input.closed).how)
    })
    const client = new Client(reading)

    const [one, other, silent] = [await client.attach(''), await client.attach(''), await client.attach('')]
    await client.start()
    silent.input?.target.abort('only looked')
    await one.input?.log('info', 'half of it')
    one.input?.target.abort('lost')
    await eventually(() => ends.length > 0)

    expect(ends).toEqual(['aborted'])
    other.output.cancel()
  })
})
