import { describe, expect, it } from 'vitest'
import { createHost } from '../../../src/backends/index.ts'
import { Client, exitStatusOf, LOCAL, RetPipe, send, Server, ServiceError, VERBS } from '../../../src/service/index.ts'
import { eventually } from '../../support/settle.ts'
import { openScene, withChildren } from './scene.ts'

const signal = new AbortController().signal

describe('aggregate', () => {
  it('lists the children of two simulators and gives each of them', async () => {
    const host = createHost()
    const stage = await host.launch("aggregate 'a=simulator web db' 'b=simulator web cache'", { caller: LOCAL, signal })

    await using object = new Client(stage.object)
    const { input, output } = await object.attach()

    const heard = drain(output)

    await object.start()

    expect(await input?.ls()).toEqual(['db', 'a/web', 'cache', 'b/web'])

    await using web = await input?.child('b/web') as Client

    await web.start()

    expect(await web.get()).toEqual({ name: 'web', state: 'running' })

    await input?.close()
    await heard
  })

  it('answers with what is left when one engine answers with an error, and says so', async () => {
    await using scene = await openScene(['a', 'b'])

    withChildren(scene.engine('a'), ['web'])
    scene.engine('b').server = new Server('b').onLs(() => { throw new ServiceError('ServiceFailed', 'the disk is full') })

    expect(await scene.input.ls()).toEqual(['web'])

    await eventually(() => scene.logs.includes('warn b: the disk is full'), 'the report')
  })

  it('gives the answer of all when they say the same, with its data', async () => {
    await using scene = await openScene(['a', 'b'])

    withChildren(scene.engine('a'), ['web'])
    withChildren(scene.engine('b'), ['db'])

    await expect(scene.input.child('nope')).rejects.toMatchObject({ code: 'NotFound', message: 'No such container: nope', data: { status: 404 } })
  })

  it('refuses a name that several have, and names them', async () => {
    await using scene = await openScene(['a', 'b'])

    withChildren(scene.engine('a'), ['web'])
    withChildren(scene.engine('b'), ['web'])

    await expect(scene.input.child('web')).rejects.toMatchObject({ code: 'Ambiguous', message: 'there are several web: say a/web or b/web' })
  })

  it('gives the engine itself by its name, and a child of that name before it', async () => {
    await using scene = await openScene(['a', 'b'])

    withChildren(scene.engine('a'), ['web'])
    withChildren(scene.engine('b'), ['b', 'x/y', 'a/b'])

    await using engine = await scene.input.child('a')
    await using child = await scene.input.child('b')
    await using slashed = await scene.input.child('x/y')
    await using shadowed = await scene.input.child('a/b')

    expect(await scene.input.ls()).toEqual(['web', 'b', 'x/y', 'b/a/b'])
    expect(await engine.ls()).toEqual(['web'])
    expect(await child.get()).toEqual({ name: 'b', engine: 'b' })
    expect(await slashed.get()).toEqual({ name: 'x/y', engine: 'b' })
    expect(await shadowed.get()).toEqual({ name: 'a/b', engine: 'b' })
  })

  it('hands over the reference to the child, which lives on when the aggregate has ended', async () => {
    const scene = await openScene(['a'])

    withChildren(scene.engine('a'), ['web'])

    await using web = await scene.input.child('web')

    await scene[Symbol.asyncDispose]()

    expect(await web.get()).toEqual({ name: 'web', engine: 'a' })
  })

  it('tells engines who asks', async () => {
    const caller = { peer: '12D3KooWSomebody' }

    await using scene = await openScene(['a'], { caller })

    await scene.input.ls()

    expect(scene.engine('a').callers).toEqual([caller])
  })

  it('says what its engines say, their logs with their names', async () => {
    await using scene = await openScene(['a', 'b'])

    await scene.engine('a').say({ verb: VERBS.log, args: ['info', 'up and running'] })
    await scene.engine('b').say({ verb: VERBS.log, args: ['hello'] })
    await scene.engine('b').say({ verb: VERBS.file, args: ['stderr'] })

    expect((await scene.output.receive()).value).toMatchObject({ args: ['info', 'a: up and running'] })
    expect((await scene.output.receive()).value).toMatchObject({ args: ['b: hello'] })
    expect((await scene.output.receive()).value).toMatchObject({ verb: VERBS.file, args: ['stderr'] })
  })

  it('sends logs and errors to all engines', async () => {
    const heard: string[] = []

    await using scene = await openScene(['a', 'b'])

    for (const name of ['a', 'b']) {
      scene.engine(name).server.onLog(([, text]) => { heard.push(`${name} ${text}`) }).onError(({ message }) => { heard.push(`${name} ${message}`) })
    }

    await scene.input.log('info', 'hello')
    await scene.input.error(new Error('oh'))
    await scene.input.ls()

    expect(heard).toEqual(['a hello', 'b hello', 'a oh', 'b oh'])
  })

  it('acknowledges start and stop with what became of each engine', async () => {
    await using scene = await openScene(['a', 'b'], {
      isStarted: false,
      prepare (engine) { engine('b').startError = new ServiceError('ServiceFailed', 'no power') }
    })
    const [started, stopped] = [await ask(scene.object, VERBS.start), await ask(scene.object, VERBS.stop)]

    expect(started).toEqual([{ engine: 'a' }, { engine: 'b', error: 'no power' }])
    expect(stopped).toEqual([{ engine: 'a' }, { engine: 'b' }])
    expect(scene.engine('a').stops).toBe(1)
    expect([scene.engine('a').isHeld, scene.engine('b').isHeld]).toEqual([false, false])
  })

  it('passes start and stop to its engines when they come from the left', async () => {
    await using scene = await openScene(['a', 'b'])

    scene.engine('a').server.onStart(() => {})

    const results = await ask(scene.input, VERBS.start)

    expect(results).toEqual([{ engine: 'a' }, { engine: 'b', error: 'b does not answer start' }])
    await expect(scene.input.stop()).rejects.toMatchObject({ code: 'NotImplemented' })
  })

  it('ends when its input has ended and its engines have, with the status of the last that failed', async () => {
    await using scene = await openScene(['a', 'b', 'c'])

    await scene.engine('b').exit(3)
    await scene.engine('a').exit(2)
    await scene.input.close()

    const exits = []

    for await (const message of scene.output) {
      exits.push(exitStatusOf(message))
    }

    expect(exits.at(-1)).toEqual({ code: 3 })
    expect(await scene.object.get('status')).toMatchObject({
      state: 'exited',
      code: 3,
      engines: [{ name: 'a', state: 'ended', code: 2 }, { name: 'b', state: 'ended', code: 3 }, { name: 'c', state: 'ended', code: 0 }],
      partial: []
    })
  })

  it('releases its engines when it was never started', async () => {
    const scene = await openScene(['a'], { isStarted: false })

    await scene.object.close()

    await eventually(() => !scene.engine('a').isHeld, 'the engine to be released')
  })
})

async function ask (client: Client, verb: typeof VERBS.start | typeof VERBS.stop): Promise<unknown> {
  const answers = await send(client.target, { verb, args: [], ret: RetPipe })
  const { value } = await answers.receive()

  return JSON.parse(value?.args[0] ?? 'null')
}

async function drain (output: AsyncIterable<unknown>): Promise<number> {
  let count = 0

  for await (const message of output) {
    count += message == null ? 0 : 1
  }

  return count
}
