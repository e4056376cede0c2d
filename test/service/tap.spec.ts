import { describe, expect, it } from 'vitest'
import { byteStreamPair, pipe } from '../../src/channel/index.ts'
import { Client, createClient, pipeline, RetPipe, send, Server, service, ServiceError, serving, tap, tapped, task, VERBS, verbName } from '../../src/service/index.ts'
import { localStage as stage, SERVICE_LINKS } from '../support/service-links.ts'
import { eventually } from '../support/settle.ts'
import type { Message, Observe, Reference, Tapped } from '../../src/service/index.ts'

function recorder (): { observe: Observe, lines: string[] } {
  const lines: string[] = []

  return { lines, observe: ({ direction, id, object, message: { verb, args } }: Tapped) => { lines.push(`${direction} ${id} @${object} ${verbName(verb)} ${args.join(' ')}`.trim()) } }
}

describe.each(Object.entries(SERVICE_LINKS))('tapped, %s', (_way, open) => {
  it('shows requests and answers, and those of objects that are given out', async () => {
    await using link = await open()
    const { observe, lines } = recorder()
    const object = new Server().onLs(() => ['web']).onAttach(() => new Server().onGet(() => 1))
    const client = new Client(tapped(await link.reach(object), observe))

    await client.ls()
    const child = await client.child('web')
    await child.get()

    expect(lines).toEqual([
      'request 1 @0 ls', 'answer 1 @0 set web',
      'request 2 @0 attach web', 'answer 2 @0 ack',
      'request 3 @1 get', 'answer 3 @1 set 1'
    ])
  })

  it('asks for no answer where none was wanted', async () => {
    await using link = await open()
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const target = tapped(await link.reach((call) => { resolve(call.isOpen) }), () => {})

    await target.send({ verb: VERBS.log, args: [] })

    expect(await promise).toBe(false)
  })

  it('passes on how answers end: closed, aborted with its reason, cancelled with its reason', async () => {
    await using link = await open()
    const ends: unknown[] = []
    const target = tapped(await link.reach(async (call) => {
      const ret = call.takeRet()

      void ret?.closed.then((end) => { ends.push(end) })
      await (call.args[0] === 'abort' ? ret?.abort({ code: 300, message: 'quota' }) : ret?.send({ verb: VERBS.ack, args: [] }))
    }), () => {})

    const aborted = await send(target, { verb: VERBS.get, args: ['abort'], ret: RetPipe })
    const cancelled = await send(target, { verb: VERBS.get, args: [], ret: RetPipe })
    await cancelled.receive()
    cancelled.cancel({ code: 301, message: 'enough' })
    await eventually(() => ends.length === 2)

    await expect(aborted.receive()).rejects.toMatchObject({ code: 'ChannelAborted', reason: { code: 300, message: 'quota' } })
    expect(ends).toContainEqual({ how: 'cancelled', reason: { code: 301, message: 'enough' } })
  })

  it('closes what is behind it when it is closed, and aborts it when it is aborted', async () => {
    await using link = await open()
    const ends: unknown[] = []
    const object = { handle: () => {}, close: (end: unknown) => { ends.push(end) } }

    await tapped(await link.reach(object), () => {}).close()
    await eventually(() => ends.length === 1)
    tapped(await link.reach(object), () => {}).abort({ code: 302, message: 'no' })
    await eventually(() => ends.length === 2)

    expect(ends).toEqual([{ how: 'closed' }, { how: 'aborted', reason: { code: 302, message: 'no' } }])
  })

  it('passes bytes on whose directions end apart', async () => {
    await using link = await open()
    const target = tapped(await link.reach(async ({ att }) => { await att?.end(`got ${await att.text()}`) }), () => {})
    const [ours, theirs] = byteStreamPair()

    await target.send({ verb: VERBS.file, args: [], att: theirs })
    await ours.end('question')

    expect(await ours.text()).toBe('got question')
  })
})

describe('a tap', () => {
  it('keeps the pace of whoever reads', async () => {
    const [receiver, sender] = pipe<Message>()
    const passed = tapped(sender, () => {})
    let sent = 0

    const sending = (async () => {
      for (; sent < 10; sent++) {
        await passed.send({ verb: VERBS.log, args: [String(sent)] })
      }
    })()
    await new Promise<void>((resolve) => { setImmediate(resolve) })
    const atFirst = sent
    for (let number = 0; number < 10; number++) {
      expect((await receiver.receive()).value?.args).toEqual([String(number)])
    }
    await sending

    expect(atFirst).toBeLessThanOrEqual(2)
  })

  it('in a pipeline lets the calls of a typed service through', async () => {
    const seen = recorder()
    const answers: unknown[] = []
    const shop = service({
      double: (n: number) => n * 2,
      count: async function * (to: number) {
        for (let n = 1; n <= to; n++) {
          yield n
        }
      }
    })
    const asks = task(async ({ output }) => {
      await using client = createClient<typeof shop>(output.dup())

      answers.push(await client.double(21))

      for await (const n of client.count(3)) {
        answers.push(n)
      }
    })

    const run = pipeline([stage('asks', asks), stage('tap', tap(seen.observe)), stage('shop', serving(shop))])
    await run.start()

    expect((await run.ended).code).toBe(0)
    expect(answers).toEqual([42, 1, 2, 3])
    expect(seen.lines).toEqual(['request 1 @0 attach rpc/1', expect.stringMatching(/^answer 1 @0 ack rpc\/1/)])
  })

  it('in a pipeline sees what it sees by itself, however many there are', async () => {
    const [first, second] = [recorder(), recorder()]
    const answers: unknown[] = []
    const asks = task(async ({ output }) => { answers.push(await (await new Client(output.dup()).child('web')).get()) })
    const object = serving(new Server().onAttach(() => new Server().onGet(() => 'inspected')))

    const run = pipeline([stage('asks', asks), stage('one', tap(first.observe)), stage('two', tap(second.observe)), stage('object', object)])
    await run.start()

    expect((await run.ended).code).toBe(0)
    expect(answers).toEqual(['inspected'])
    expect(first.lines).toEqual(['request 1 @0 attach web', 'answer 1 @0 ack', 'request 2 @1 get', 'answer 2 @1 set "inspected"'])
    expect(second.lines).toEqual(first.lines)
  })

  it('whose observer fails reports that once, and passes all on', async () => {
    const errors: string[] = []
    const seen: string[] = []
    const says = task(async ({ log }) => {
      await log('a')
      await log('b')
    })
    const hears = serving(new Server().onLog(([, text = '']) => { seen.push(text) }))

    const run = pipeline([stage('says', says), stage('tap', tap(() => { throw new Error('no screen') })), stage('hears', hears)], {
      onReport: ({ message }) => { errors.push(...message.verb === VERBS.error ? message.args : []) }
    })
    await run.start()
    await run.ended

    expect(errors).toEqual(['ServiceFailed', 'no screen'])
    expect(seen).toEqual(['a', 'b'])
  })

  it('tells a caller whose request cannot be sent on', async () => {
    const [, sender] = pipe<Message>()
    const refusing: Reference = {
      send: async () => { throw new ServiceError('MessageTooLarge', 'too large') },
      trySend: () => false,
      dup: () => refusing,
      close: async () => {},
      abort: () => {},
      closed: sender.closed,
      [Symbol.asyncDispose]: async () => {}
    }
    const client = new Client(tapped(refusing, () => {}))

    await expect(client.get()).rejects.toMatchObject({ code: 'MessageTooLarge' })
  })
})
