import { describe, expect, it } from 'vitest'
import { byteStreamPair, pipe } from '../../src/channel/index.ts'
import { Client, filter, pipeline, readMessages, reference, Repeater, repeater, Server, serving, task, tee, TEE_DEFAULTS, VERBS } from '../../src/service/index.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { localStage as stage } from '../support/service-links.ts'
import type { ByteStream, ChannelEnd } from '../../src/channel/index.ts'
import type { Message, Stage, Task } from '../../src/service/index.ts'

const says = (...texts: string[]): Task => task(async ({ log }) => {
  for (const text of texts) {
    await log(text)
  }
})

const hears = (texts: string[]): Task => serving(new Server().onLog(([, text = '']) => { texts.push(text) }))

interface Outcome {
  readonly code: number
  readonly errors: string[]
}

async function run (...stages: Stage[]): Promise<Outcome> {
  const errors: string[] = []
  const running = pipeline(stages, { onReport: ({ message: { verb, args } }) => { errors.push(...verb === VERBS.error ? [args.join(': ')] : []) } })

  await running.start()

  return { code: (await running.ended).code, errors }
}

describe('filter', () => {
  it('leaves out, changes, and multiplies messages, in order', async () => {
    const texts: string[] = []
    const choose = async (message: Message): Promise<Message | undefined | Message[]> => {
      switch (message.args[1]) {
        case 'drop': return undefined
        case 'twice': return [message, message]
        default: return { ...message, args: ['info', `${message.args[1]}!`] }
      }
    }

    await run(stage('says', says('a', 'drop', 'twice', 'b')), stage('filter', filter(choose)), stage('hears', hears(texts)))

    expect(texts).toEqual(['a!', 'twice', 'twice', 'b!'])
  })

  it('passes requests on, to be answered by the next', async () => {
    const answers: unknown[] = []
    const asks = task(async ({ output }) => { answers.push(await new Client(output.dup()).get()) })

    await run(stage('asks', asks), stage('filter', filter((message) => message)), stage('object', serving(new Server().onGet(() => 1))))

    expect(answers).toEqual([1])
  })

  it('tells those who ask that it left their request out, and resets their bytes', async () => {
    const failures: unknown[] = []
    const [ours, theirs] = byteStreamPair()
    const asks = task(async ({ output }) => {
      failures.push(await new Client(output.dup()).file('a', { att: theirs }).catch((error: unknown) => error))
      failures.push(await ours.read().catch((error: unknown) => error))
    })

    await run(stage('asks', asks), stage('filter', filter(() => undefined, { name: 'the gate' })), stage('hears', hears([])))

    expect(failures).toMatchObject([{ code: 'NoAnswer', message: 'the gate let no file through' }, { code: 'StreamReset' }])
  })

  it('answers with what its function throws, or reports it, and goes on', async () => {
    const failures: unknown[] = []
    const texts: string[] = []
    const asks = task(async ({ output, log }) => {
      failures.push(await new Client(output.dup()).get().catch((error: unknown) => error))
      await log('bad')
      await log('good')
    })
    const choose = (message: Message): Message => {
      if (message.args[1] !== 'good') {
        throw new Error('not this')
      }

      return message
    }

    const { code, errors } = await run(stage('asks', asks), stage('filter', filter(choose)), stage('hears', hears(texts)))

    expect(failures).toMatchObject([{ code: 'ServiceFailed', message: 'not this' }])
    expect([code, errors, texts]).toEqual([0, ['ServiceFailed: not this'], ['good']])
  })
})

describe('tee', () => {
  it('sends what comes to all branches, and passes it on', async () => {
    const [texts, one, other]: string[][] = [[], [], []]
    const branch = (seen: string[] = []): Server => new Server().onLog(([, text = '']) => { seen.push(text) })

    await run(stage('says', says('a', 'b')), stage('tee', tee([branch(one), branch(other)])), stage('hears', hears(texts ?? [])))
    await settle()

    expect([texts, one, other]).toEqual([['a', 'b'], ['a', 'b'], ['a', 'b']])
  })

  it('lets the next stage answer requests, and branches only see them', async () => {
    const answers: unknown[] = []
    const seen: boolean[] = []
    const asks = task(async ({ output }) => { answers.push(await new Client(output.dup()).get()) })

    await run(stage('asks', asks), stage('tee', tee([(call) => { seen.push(call.isOpen) }])), stage('object', serving(new Server().onGet(() => 'once'))))
    await settle()

    expect([answers, seen]).toEqual([['once'], [false]])
  })

  it('copies bytes to branches, whole, and lets the next stage answer', async () => {
    const copies: Array<Promise<string>> = []
    const got: string[] = []
    const source = task(async ({ output }) => {
      const [ours, theirs] = byteStreamPair()

      await output.send({ verb: VERBS.file, args: ['stdout'], att: theirs })
      await ours.end('x'.repeat(200_000))
      got.push(await ours.text())
    })
    const sink = task(async ({ input }) => {
      for await (const { att } of readMessages(input)) {
        const text = await att?.text()

        got.push(String(text?.length))
        await att?.end('thanks')
      }
    })

    const { code, errors } = await run(stage('source', source), stage('tee', tee([({ att }) => { copies.push(textOf(att)) }])), stage('sink', sink))

    expect([code, errors]).toEqual([0, []])
    expect(got.sort()).toEqual(['200000', 'thanks'])
    expect((await Promise.all(copies)).map(({ length }) => length)).toEqual([200_000])
  })

  it('reports a branch that has gone, and goes on without it', async () => {
    const texts: string[] = []
    const [receiver, gone] = pipe<Message>()

    receiver.cancel('the disk is full')
    const { errors } = await run(stage('says', says('a', 'b')), stage('tee', tee([gone])), stage('hears', hears(texts)))

    expect(texts).toEqual(['a', 'b'])
    expect(errors).toHaveLength(1)
    expect(errors[0]).toContain('branch 1 of tee gets nothing more')
    expect(errors[0]).toContain('the disk is full')
  })

  it('gives up a branch that takes nothing for 10 s', async () => {
    const clock = new FakeClock()
    const texts: string[] = []
    const [, stalled] = pipe<Message>()

    const outcome = run(stage('says', says('a', 'b')), stage('tee', tee([stalled], { clock })), stage('hears', hears(texts)))
    await clock.advance(9_999)
    const before = [...texts]
    await clock.advance(1)

    expect((await outcome).errors).toEqual(['Unavailable: branch 1 of tee gets nothing more: branch 1 of tee took nothing for 10000 ms'])
    expect([TEE_DEFAULTS.maxStallMs, before, texts]).toEqual([10_000, ['a'], ['a', 'b']])
    expect(clock.pending).toBe(0)
  })

  it('gives up a branch that does not read its bytes', async () => {
    const clock = new FakeClock()
    const lengths: number[] = []
    const source = task(async ({ output }) => {
      const [ours, theirs] = byteStreamPair()

      await output.send({ verb: VERBS.file, args: ['stdout'], att: theirs })

      for (let part = 0; part < 20; part++) {
        await ours.write(new Uint8Array(50_000))
      }

      await ours.closeWrite()
    })
    const sink = task(async ({ input }) => {
      for await (const { att } of readMessages(input)) {
        await att?.closeWrite()
        lengths.push((await att?.bytes())?.length ?? 0)
      }
    })

    const outcome = run(stage('source', source), stage('tee', tee([() => {}], { clock, maxStallMs: 50 })), stage('sink', sink))
    await settle()
    await settle()
    await clock.advance(50)

    expect((await outcome).errors).toHaveLength(1)
    expect(lengths).toEqual([1_000_000])
  })

  it('aborts its branches when what comes was cut off', async () => {
    const ends: string[] = []
    const tees = tee([{ handle: () => {}, close: ({ how }: ChannelEnd) => { ends.push(how) } }])
    const { input, output } = await new Client(tees).attach('')

    tees.start()
    input?.target.abort('lost')
    output.cancel()
    await tees.ended
    await settle()

    expect(ends).toEqual(['aborted'])
  })
})

describe('repeater', () => {
  it('hands messages to its target of that moment, and closes the one before', async () => {
    const ends: string[] = []
    const named = (name: string): Server => new Server().onGet(() => name).onClose(() => { ends.push(name) })
    const object = repeater(reference(named('first')))
    const client = new Client(object)

    const before = await client.get()
    object.set(named('second'))
    const after = await client.get()
    await settle()

    expect([before, after, ends]).toEqual(['first', 'second', ['first']])
    object.set(undefined)
  })

  it('says so when there is nobody, or nobody any more', async () => {
    const object = new Repeater()
    const client = new Client(object)
    const [receiver, sender] = pipe<Message>()

    await expect(client.get()).rejects.toMatchObject({ code: 'Unavailable', message: 'there is nobody to send get to' })
    object.set(sender)
    receiver.cancel()

    await expect(client.get()).rejects.toMatchObject({ code: 'Unavailable', message: 'get could not be sent on: its target has gone' })
  })
})

async function textOf (att: ByteStream | undefined): Promise<string> {
  return att == null ? '' : att.text()
}
