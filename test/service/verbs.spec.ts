import { describe, expect, expectTypeOf, it } from 'vitest'
import { byteStreamPair, pipe } from '../../src/channel/index.ts'
import { Client, reference, Server, VERB_NAMES, verbName, VERBS } from '../../src/service/index.ts'
import { SERVICE_LINKS } from '../support/service-links.ts'
import type { Message, VerbName } from '../../src/service/index.ts'

/** The numbers of libswarm, which travel: spec-service 2. */
const WIRE_NUMBERS = [['ack', 0], ['attach', 1], ['connect', 2], ['error', 3], ['file', 4], ['get', 5], ['log', 6], ['ls', 7], ['set', 8], ['spawn', 9], ['start', 10], ['stop', 11], ['watch', 12]] as const

function counter (): Server {
  return new Server('counter').onGet(() => 1)
}

describe('VERBS', () => {
  it('have the numbers of libswarm', () => {
    expect(Object.entries(VERBS)).toEqual(WIRE_NUMBERS.map(([name, number]) => [name, number]))
    expectTypeOf<VerbName>().toEqualTypeOf<typeof WIRE_NUMBERS[number][0]>()
  })

  it.each(WIRE_NUMBERS)('call %s by its name', (name, number) => {
    expect(verbName(number)).toBe(name)
  })

  it('show what is none', () => {
    expect(verbName(13)).toBe('verb 13')
  })
})

describe.each(Object.entries(SERVICE_LINKS))('Client and Server %s', (_way, open) => {
  it('attach gives an input, what it says up to its end, bytes and args', async () => {
    await using link = await open()
    const [ours, theirs] = byteStreamPair()
    const says = async function * (): AsyncGenerator<Message> { yield { verb: VERBS.log, args: ['info', 'hello'] } }
    const client = new Client(await link.reach(new Server().onAttach((name) => ({ input: counter(), output: says(), att: theirs, args: [name] }))))

    const { input, output, att, args } = await client.attach('web')
    await ours.end('bytes')

    expect(args).toEqual(['web'])
    expect(await input?.get()).toBe(1)
    expect((await output.receive()).value).toMatchObject({ verb: VERBS.log, args: ['info', 'hello'] })
    expect(await output.receive()).toEqual({ done: true, value: undefined })
    expect(await att?.text()).toBe('bytes')
    att?.reset()
  })

  it('connect gives bytes both ways, whose ends end apart', async () => {
    await using link = await open()
    const [ours, theirs] = byteStreamPair()
    const client = new Client(await link.reach(new Server().onConnect(() => theirs)))

    const stream = await client.connect('80')
    await stream.end('question')
    const asked = await ours.text()
    await ours.end('answer')

    expect([asked, await stream.text()]).toEqual(['question', 'answer'])
  })

  it('error tells code and message', async () => {
    await using link = await open()
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const client = new Client(await link.reach(new Server().onError(resolve)))

    await client.error(new Error('disk 100%d full'))

    expect(await promise).toMatchObject({ code: 'ServiceFailed', message: 'disk 100%d full' })
  })

  it('file gives bytes, and takes them', async () => {
    await using link = await open()
    const files = new Map<string, string>()
    const client = new Client(await link.reach(new Server().onFile(async ([name = ''], { att }) => {
      if (att != null) {
        files.set(name, await att.text())

        return undefined
      }

      const [ours, theirs] = byteStreamPair()

      void ours.end(files.get(name))

      return { args: [name], att: theirs }
    })))
    const [ours, theirs] = byteStreamPair()

    await ours.end('contents')
    await client.file('a', { att: theirs })
    const { args, att } = await client.file('a')

    expect(args).toEqual(['a'])
    expect(await att?.text()).toBe('contents')
    att?.reset()
  })

  it('get gives values as JSON has them', async () => {
    await using link = await open()
    const client = new Client(await link.reach(new Server().onGet(([what]) => what === 'nothing' ? undefined : { what, list: [1, null] })))

    expect(await client.get('x')).toEqual({ what: 'x', list: [1, null] })
    expect(await client.get('nothing')).toBeNull()
  })

  it('log tells where it comes from and the text', async () => {
    await using link = await open()
    const { promise, resolve } = Promise.withResolvers<readonly string[]>()
    const client = new Client(await link.reach(new Server().onLog(resolve)))

    await client.log('stderr', 'text')

    expect(await promise).toEqual(['stderr', 'text'])
  })

  it('ls gives names', async () => {
    await using link = await open()
    const client = new Client(await link.reach(new Server().onLs(([prefix = '']) => [`${prefix}a`, `${prefix}b`])))

    expect(await client.ls()).toEqual(['a', 'b'])
    expect(await client.ls('x/')).toEqual(['x/a', 'x/b'])
  })

  it('set passes values on', async () => {
    await using link = await open()
    const seen: Array<readonly string[]> = []
    const client = new Client(await link.reach(new Server().onSet((args) => { seen.push(args) })))

    await client.set(['key', 'value'])
    await client.setJson({ a: 1 })

    expect(seen).toEqual([['key', 'value'], ['{"a":1}']])
  })

  it('spawn gives an object, which is closed when its reference is', async () => {
    await using link = await open()
    const { promise: closed, resolve } = Promise.withResolvers<unknown>()
    const client = new Client(await link.reach(new Server().onSpawn((args) => new Server().onGet(() => args).onClose(resolve))))

    const child = await client.spawn(['a', 'b'])
    const got = await child.get()
    await child.close()

    expect(got).toEqual(['a', 'b'])
    expect(await closed).toEqual({ how: 'closed' })
  })

  it('start and stop are acknowledged', async () => {
    await using link = await open()
    const seen: string[] = []
    const server = new Server().onStart(([how]) => { seen.push(`start ${how}`) }).onStop(([how]) => { seen.push(`stop ${how}`) })
    const client = new Client(await link.reach(server))

    await client.start('fast')
    await client.stop('SIGKILL')

    expect(seen).toEqual(['start fast', 'stop SIGKILL'])
  })

  it('watch gives what happens, up to the end', async () => {
    await using link = await open()
    const [events, happen] = pipe<Message>({ capacity: 2 })
    const client = new Client(await link.reach(new Server().onWatch(() => events)))

    const watched = await client.watch('all')
    await happen.send({ verb: VERBS.set, args: ['up'] })
    await happen.close()

    expect((await watched.receive()).value).toMatchObject({ verb: VERBS.set, args: ['up'] })
    expect((await watched.receive()).done).toBe(true)
  })

  it.each(VERB_NAMES)('refuses %s when nobody handles it, naming both', async (name) => {
    await using link = await open()
    const target = await link.reach(new Server('the door'))
    const [answers, ret] = pipe<Message>({ capacity: 1 })

    await target.send({ verb: VERBS[name], args: [], ret })

    expect((await answers.receive()).value).toMatchObject({ verb: VERBS.error, args: ['NotImplemented', `the door does not answer ${name}`] })
    expect((await answers.receive()).done).toBe(true)
  })

  it('passes all other verbs to a reference', async () => {
    await using link = await open()
    const client = new Client(await link.reach(new Server().onGet(() => 'own').catchall(reference(new Server().onLs(() => ['other'])))))

    expect([await client.get(), await client.ls()]).toEqual(['own', ['other']])
  })
})
