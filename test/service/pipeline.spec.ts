import { describe, expect, it } from 'vitest'
import { byteStreamPair } from '../../src/channel/index.ts'
import { Client, notImplemented, pipeline, PIPELINE_DEFAULTS, readMessages, reference, Server, ServiceError, serving, task, VERBS } from '../../src/service/index.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { localStage as stage, SERVICE_LINKS } from '../support/service-links.ts'
import { eventually } from '../support/settle.ts'
import type { ExitStatus, Message, PipelineReport, Stage, Task } from '../../src/service/index.ts'

const exits = (status: ExitStatus): Task => task(async ({ input }) => {
  for await (const { args } of readMessages(input)) {
    void args
  }

  return status
})

const says = (...texts: string[]): Task => task(async ({ log }) => {
  for (const text of texts) {
    await log(text)
  }
})

const upper = (): Task => task(async ({ input, log }) => {
  for await (const { args: [, text = ''] } of readMessages(input)) {
    await log(text.toUpperCase())
  }
})

const gathers = (texts: string[]): Task => task(async ({ input }) => {
  for await (const { args: [, text = ''] } of readMessages(input)) {
    texts.push(text)
  }
})

const endless = (): Task => task(async ({ log }) => {
  for (;;) {
    await log('y')
  }
})

const takesOne = (): Task => task(async ({ input }) => { await input.receive() })

const deaf = (clock: FakeClock): Task => task(async () => new Promise(() => {}), { clock })

describe.each(Object.entries(SERVICE_LINKS))('pipeline of stages %s', (_way, open) => {
  it('moves what each says to the next, in order, and then the end', async () => {
    await using link = await open()
    const texts: string[] = []
    const all = [says('a', 'b', 'c'), upper(), gathers(texts)]
    const stages = await Promise.all(all.map(async (object, index) => ({ name: `stage ${index}`, object: await link.reach(object) })))

    const { ended, ...running } = await start(stages)

    expect(await ended).toEqual({ code: 0, stages: [0, 1, 2].map((index) => ({ name: `stage ${index}`, code: 0 })) })
    expect(texts).toEqual(['A', 'B', 'C'])
    void running
  })

  it('moves bytes to the next, and reports about the stage to whoever runs it', async () => {
    await using link = await open()
    const reports: string[] = []
    const bytes: string[] = []
    const source = task(async ({ output }) => {
      await sendFile(output, 'stdout', 'data')
      await sendFile(output, 'stderr', 'warning')
      throw new Error('broken')
    })
    const sink = task(async ({ input }) => {
      for await (const { att } of readMessages(input)) {
        bytes.push(await att?.text() ?? '')
        att?.reset()
      }
    })

    const { ended } = await start([{ name: 'source', object: await link.reach(source) }, { name: 'sink', object: await link.reach(sink) }], {
      onReport: async ({ stage: name, index, message: { args, att } }) => {
        reports.push([name, index, ...args, await att?.text()].join(' ').trim())
        att?.reset()
      }
    })

    expect(await ended).toEqual({ code: 1, stages: [{ name: 'source', code: 1, error: 'broken' }, { name: 'sink', code: 0 }] })
    expect(bytes).toEqual(['data'])
    expect(reports).toEqual(['source 0 stderr warning', 'source 0 ServiceFailed broken', 'source 0 exit 1', 'sink 1 exit 0'])
  })

  it('cancels the output of what is left of a stage that has ended', async () => {
    await using link = await open()

    const { ended } = await start([{ name: 'yes', object: await link.reach(endless()) }, { name: 'head', object: await link.reach(takesOne()) }])

    expect(await ended).toEqual({ code: 141, stages: [{ name: 'yes', code: 141, signal: 'SIGPIPE' }, { name: 'head', code: 0 }] })
  })

  it('stops all stages, and tells how they ended', async () => {
    await using link = await open()
    const stages = await Promise.all([1, 2, 3].map(async (number) => ({ name: `stage ${number}`, object: await link.reach(waits()) })))

    const running = await start(stages)
    await running.pipeline.stop()

    expect(await running.ended).toEqual({ code: 143, stages: [1, 2, 3].map((number) => ({ name: `stage ${number}`, code: 143, signal: 'SIGTERM' })) })
  })

  it('passes requests from the left to the right, and answers back', async () => {
    await using link = await open()
    const answers: unknown[] = []
    const asks = task(async ({ output }) => { answers.push(await (await new Client(output.dup()).child('web')).get()) })
    const answerer = serving(new Server().onAttach((name) => new Server().onGet(() => ({ name }))))

    const { ended } = await start([{ name: 'asks', object: await link.reach(asks) }, { name: 'answers', object: await link.reach(answerer) }])

    expect((await ended).code).toBe(0)
    expect(answers).toEqual([{ name: 'web' }])
  })

  it('is a task itself, and can be a stage', async () => {
    await using link = await open()
    const inner = pipeline([stage('upper', upper()), stage('upper too', upper())], { name: 'inner' })
    const texts: string[] = []

    const { ended } = await start([stage('says', says('a')), { name: 'inner', object: await link.reach(inner) }, stage('gathers', gathers(texts))])

    expect((await ended).code).toBe(0)
    expect(texts).toEqual(['A'])
  })
})

describe('the status of a pipeline', () => {
  it.each([
    [[0], 0],
    [[3], 3],
    [[0, 0, 0], 0],
    [[1, 0, 0], 1],
    [[0, 2, 0], 2],
    [[1, 2, 3], 3],
    [[1, 2, 0], 2],
    [[137, 0], 137]
  ])('of stages that exit with %j is %i, as of set -o pipefail', async (codes, expected) => {
    const { ended } = await start(codes.map((code) => stage(String(code), exits({ code }))))

    expect(await ended).toEqual({ code: expected, stages: codes.map((code) => ({ name: String(code), code })) })
  })

  it('names the signal that ended a stage', async () => {
    const { ended } = await start([stage('killed', exits({ code: 137, signal: 'SIGKILL' })), stage('well', exits({ code: 0 }))])

    expect(await ended).toEqual({ code: 137, stages: [{ name: 'killed', code: 137, signal: 'SIGKILL' }, { name: 'well', code: 0 }] })
  })

  it('is 0 of a stage that says nothing of its exit, and 1 of one whose output is given up', async () => {
    const quiet = new Server('quiet').onStart(() => {}).onAttach(async function * () {} as never)
    const silent = new Server('silent').onStart(() => {}).onAttach(() => ({ output: nothing() }))
    const lost = new Server('lost').onStart(() => {}).onVerb(VERBS.attach, async (call) => {
      await call.ack()
      call.takeRet()?.abort('the cable')
    })

    expect(await (await start([stage('silent', silent)])).ended).toEqual({ code: 0, stages: [{ name: 'silent', code: 0 }] })
    expect((await (await start([stage('lost', lost)])).ended).stages[0]).toMatchObject({ code: 1, error: expect.stringContaining('the cable') })
    void quiet
  })
})

describe('pipeline', () => {
  it('aborts the input of a stage whose left neighbour is lost', async () => {
    await using link = await SERVICE_LINKS['over a session']?.()
    const ends: string[] = []
    const hears = task(async ({ input }) => {
      await input.receive()
      ends.push((await input.closed).how)
    })
    const far = task(async ({ log, signal }) => {
      await log('half of it')
      await new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason) }) })
    })
    const object = await link?.reach(far)

    const { ended } = await start([{ name: 'far', object: object ?? reference(far) }, stage('hears', hears)])
    await settle()
    await link?.cut()

    expect(await ended).toMatchObject({ code: 1, stages: [{ name: 'far', code: 1, error: expect.stringContaining('cut') }, { name: 'hears' }] })
    expect(ends).toEqual(['aborted'])
    expect((await far.ended).signal).toBe('SIGTERM')
  })

  it('gives up stages that do not stop within 10 s, and names them', async () => {
    const clock = new FakeClock()
    const { pipeline: running, ended } = await start([stage('deaf', deaf(clock)), stage('waits', waits())], { clock })

    const stopped = running.stop()
    await clock.advance(9_999)
    const before = await Promise.race([ended, Promise.resolve('running')])
    await clock.advance(1)
    await stopped

    expect([PIPELINE_DEFAULTS.stopGraceMs, before]).toEqual([10_000, 'running'])
    expect((await ended).stages).toEqual([{ name: 'deaf', code: 1, error: 'this pipeline did not stop within 10000 ms' }, { name: 'waits', code: 143, signal: 'SIGTERM' }])
    await clock.advance(5000)
    expect(clock.pending).toBe(0)
  })

  it('stops everything when a stage cannot be attached, naming it', async () => {
    const other = waits()
    const run = pipeline([stage('well', other), stage('bad', () => { throw new ServiceError('PermissionDenied', 'not you') })])

    await expect(run.start()).rejects.toMatchObject({ code: 'PermissionDenied', message: 'bad cannot be attached: not you' })

    expect(await run.ended).toEqual({ code: 1, stages: [{ name: 'well', code: 143, signal: 'SIGTERM' }, { name: 'bad', code: 1, error: 'not you' }] })
    expect((await other.ended).code).toBe(143)
  })

  it('stops everything when a stage cannot be started', async () => {
    const left = waits()
    const bad = new Server('bad').onAttach(() => ({ input: notImplemented(), output: nothing() })).onStart(() => { throw new Error('no such file') })
    const run = pipeline([stage('left', left), stage('bad', bad), stage('right', waits())])

    await expect(run.start()).rejects.toMatchObject({ code: 'ServiceFailed', message: 'bad cannot be started: no such file' })

    expect((await run.ended).stages.map(({ code }) => code)).toEqual([143, 1, 143])
    expect(left.status.state).toBe('exited')
  })

  it('starts once, and not after a stop', async () => {
    const run = pipeline([stage('a', exits({ code: 0 }))])
    const stopped = pipeline([stage('a', exits({ code: 0 }))])

    await run.start()
    await expect(run.start()).rejects.toMatchObject({ code: 'FailedPrecondition' })
    await run.ended
    await stopped.stop()
    await expect(stopped.start()).rejects.toMatchObject({ code: 'FailedPrecondition' })

    expect((await stopped.ended).code).toBe(143)
  })

  it('wants a stage', () => {
    expect(() => pipeline([])).toThrow('wanted a pipeline to have at least one stage, received none')
  })

  it('gives what its first stage takes and its last says to those who attach', async () => {
    const client = new Client(pipeline([stage('upper', upper()), stage('again', upper())]))

    const { input, output } = await client.attach('')
    await client.start()
    await input?.log('info', 'hello')
    await input?.close()
    const said: Array<readonly string[]> = []
    for await (const { args } of output) {
      said.push(args)
    }

    expect(said).toEqual([['info', 'HELLO'], ['exit', '0', '']])
    expect(await client.get('status')).toEqual({ state: 'exited', code: 0, stages: [{ name: 'upper', code: 0 }, { name: 'again', code: 0 }] })
  })

  it('stops, also when nobody hears its last stage', async () => {
    const { pipeline: running, ended } = await start([stage('says', says('nobody is here', 'still nobody'))])

    await settle()
    await running.stop()

    expect((await ended).code).toBe(0)
  })

  it('answers requests by its first stage for as long as it runs, if told to', async () => {
    const run = pipeline([stage('answers', serving(new Server().onLs(() => ['a'])))], { keepInput: true })
    const client = new Client(run)

    await client.start()

    expect(await client.ls()).toEqual(['a'])
    await client.stop()
  })

  it('goes on when whoever takes reports fails', async () => {
    const { ended } = await start([stage('a', exits({ code: 2 }))], { onReport: () => { throw new Error('no screen') } })

    expect((await ended).code).toBe(2)
  })

  it('reads what nobody wants of stderr', async () => {
    const noisy = task(async ({ output }) => {
      const [ours, theirs] = byteStreamPair()

      await output.send({ verb: VERBS.file, args: ['stderr'], att: theirs })
      await ours.write(new Uint8Array(1_000_000))
      await ours.closeWrite()
    })

    expect((await (await start([stage('noisy', noisy)])).ended).code).toBe(0)
  })

  it('leaves nothing behind after 300 runs, whichever way they end', async () => {
    await using link = await SERVICE_LINKS['over a session']?.()
    const tasks: Task[] = []
    const reach = async (made: Task): Promise<Stage> => {
      tasks.push(made)

      return { name: 'far', object: await link?.reach(made) ?? reference(made) }
    }

    for (let run = 0; run < 300; run++) {
      const { pipeline: running, ended } = await start(run % 3 === 0
        ? [await reach(endless()), await reach(takesOne())]
        : [await reach(says('a', 'b')), await reach(upper()), await reach(run % 3 === 1 ? gathers([]) : waits())])

      await (run % 3 === 2 ? running.stop() : ended)
    }

    await eventually(() => link?.open === 0 && tasks.every(({ status }) => status.state === 'exited'), 'all channels to be closed and all tasks to have ended')
    expect(tasks).toHaveLength(800)
  })
})

function waits (): Task {
  return task(async ({ signal }) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason) }) }))
}

async function * nothing (): AsyncGenerator<Message> {
  // it ends at once
}

async function start (stages: readonly Stage[], options: Parameters<typeof pipeline>[1] = {}): Promise<{ pipeline: ReturnType<typeof pipeline>, ended: ReturnType<typeof pipeline>['ended'], reports: PipelineReport[] }> {
  const run = pipeline(stages, options)

  await run.start()

  return { pipeline: run, ended: run.ended, reports: [] }
}

async function sendFile (output: { send(message: Message): Promise<void> }, name: string, text: string): Promise<void> {
  const [ours, theirs] = byteStreamPair()

  await output.send({ verb: VERBS.file, args: [name], att: theirs })
  await ours.end(text)
}
