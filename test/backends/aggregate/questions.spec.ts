import { describe, expect, it } from 'vitest'
import { pipe } from '../../../src/channel/index.ts'
import { Server, ServiceError, VERBS } from '../../../src/service/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { openScene, withChildren } from './scene.ts'
import type { FakeEngine, Scene } from './scene.ts'
import type { Receiver, Sender } from '../../../src/channel/index.ts'
import type { Message } from '../../../src/service/index.ts'

function getting (engine: FakeEngine, values: Readonly<Record<string, unknown>>): Server {
  return engine.server.onGet(([what = '']) => {
    if (!(what in values)) {
      throw new ServiceError('NotFound', `no ${what}`)
    }

    return values[what]
  })
}

/** As an engine API: children that run, images, and what it was asked to make. */
function asEngine (engine: FakeEngine, { running = 0, images = [], names = [] }: { running?: number, images?: readonly string[], names?: readonly string[] }): string[][] {
  const spawned: string[][] = []

  withChildren(engine, names)
  getting(engine, { info: { ContainersRunning: running }, ...Object.fromEntries(images.map((image) => [`images/${image}/json`, { Id: image }])) })
    .onSpawn((args) => {
      spawned.push([...args])

      return new Server('a container').onGet(() => ({ Id: engine.name }))
    })

  return spawned
}

async function spawnedAt (scene: Scene, args: readonly string[]): Promise<unknown> {
  await using made = await scene.input.spawn(args)

  return (await made.get<{ Id: string }>()).Id
}

describe('get of aggregate', () => {
  it('puts lists together, with what is the same once', async () => {
    await using scene = await openScene(['a', 'b'])

    getting(scene.engine('a'), { 'images/json': [{ Id: 1 }, { Id: 2 }] })
    getting(scene.engine('b'), { 'images/json': [{ Id: 2 }, { Id: 3 }] })

    expect(await scene.input.get('images/json')).toEqual([{ Id: 1 }, { Id: 2 }, { Id: 3 }])
  })

  it('adds up the counts of info, and takes the rest of the first', async () => {
    await using scene = await openScene(['a', 'b'])

    getting(scene.engine('a'), { info: { Name: 'a', Containers: 2, NCPU: 4, MemTotal: 1000 } })
    getting(scene.engine('b'), { info: { Name: 'b', Containers: 3, NCPU: 8, MemTotal: 500, Images: 1 } })

    expect(await scene.input.get(['info', ''])).toEqual({ Name: 'a', Containers: 5, NCPU: 12, MemTotal: 1500, Images: 1 })
  })

  it('puts the lists within volumes and system/df together', async () => {
    await using scene = await openScene(['a', 'b'])

    getting(scene.engine('a'), { volumes: { Volumes: null, Warnings: null }, 'system/df': { LayersSize: 10, Images: [1], Volumes: null } })
    getting(scene.engine('b'), { volumes: { Volumes: [{ Name: 'x' }], Warnings: null }, 'system/df': { LayersSize: 5, Images: [2], Volumes: [] } })

    expect(await scene.input.get('volumes')).toEqual({ Volumes: [{ Name: 'x' }], Warnings: null })
    expect(await scene.input.get('system/df')).toEqual({ LayersSize: 15, Images: [1, 2], Volumes: [] })
  })

  it('takes the first answer of those that know, word for word, without waiting for the others', async () => {
    await using scene = await openScene(['a', 'b', 'c'])

    getting(scene.engine('a'), {})
    scene.engine('b').server.onVerb(VERBS.get, async (call) => {
      await call.answer({ verb: VERBS.set, args: ['{"big":9223372036854775807}'] })
      await call.end()
    })
    scene.engine('c').isSilent = true

    const answers: Receiver<Message> = await ask(scene, VERBS.get, ['images/x/json', ''])

    expect((await answers.receive()).value?.args).toEqual(['{"big":9223372036854775807}'])
    answers.cancel()
    await settle()
    expect(await scene.object.get('status')).toMatchObject({ partial: [] })
  })

  it('says NotFound only if all say so', async () => {
    await using scene = await openScene(['a', 'b'])

    getting(scene.engine('a'), {})
    getting(scene.engine('b'), {})

    await expect(scene.input.get('x')).rejects.toMatchObject({ code: 'NotFound', message: 'no x' })

    scene.engine('b').server.onGet(() => { throw new ServiceError('ServiceFailed', 'broken') })

    await expect(scene.input.get('x')).rejects.toMatchObject({ code: 'ServiceFailed', message: 'broken' })
  })
})

describe('set of aggregate', () => {
  it('removes an image wherever it is', async () => {
    const removed: string[] = []

    await using scene = await openScene(['a', 'b', 'c'])

    for (const name of ['a', 'c']) {
      scene.engine(name).server.onSet(([, image]) => { removed.push(`${name} ${image}`) })
    }

    scene.engine('b').server.onSet(() => { throw new ServiceError('NotFound', 'No such image') })
    await scene.input.set(['remove-image', 'busybox', ''])

    expect(removed).toEqual(['a busybox', 'c busybox'])
  })

  it('fails when one engine refuses, or when none has it', async () => {
    await using scene = await openScene(['a', 'b'])

    scene.engine('a').server.onSet(() => {})
    scene.engine('b').server.onSet(() => { throw new ServiceError('FailedPrecondition', 'image is being used') })
    await expect(scene.input.set(['remove-image', 'x', ''])).rejects.toMatchObject({ code: 'FailedPrecondition', message: 'image is being used' })

    for (const name of ['a', 'b']) {
      scene.engine(name).server.onSet(() => { throw new ServiceError('NotFound', 'No such image: x') })
    }

    await expect(scene.input.set(['remove-image', 'x', ''])).rejects.toMatchObject({ code: 'NotFound' })
  })

  it('refuses what is for one engine only, as files and connections are', async () => {
    await using scene = await openScene(['a', 'b'])

    await expect(scene.input.set(['name', 'x'])).rejects.toMatchObject({ code: 'NotImplemented', message: expect.stringContaining('attach one of them: a, b') })
    await expect(scene.input.connect('80')).rejects.toMatchObject({ code: 'NotImplemented' })
  })
})

describe('spawn of aggregate', () => {
  it('goes where the name says, which the engine gets without its own', async () => {
    await using scene = await openScene(['a', 'b'])

    asEngine(scene.engine('a'), {})
    const spawned = asEngine(scene.engine('b'), { running: 9 })

    expect(await spawnedAt(scene, ['{"Image":"x"}', 'name=b%2Fweb&platform=linux'])).toBe('b')
    expect(spawned).toEqual([['{"Image":"x"}', 'name=web&platform=linux']])
    expect(await spawnedAt(scene, ['b/worker', '--fast'])).toBe('b')
    expect(spawned[1]).toEqual(['worker', '--fast'])
  })

  it('goes where the name is taken already, so that the engine refuses it', async () => {
    await using scene = await openScene(['a', 'b'])

    asEngine(scene.engine('a'), {})
    asEngine(scene.engine('b'), { running: 9, names: ['web'] })

    expect(await spawnedAt(scene, ['{"Image":"x"}', 'name=web'])).toBe('b')
  })

  it('goes where the image is, else where least runs', async () => {
    await using scene = await openScene(['a', 'b', 'c'])

    asEngine(scene.engine('a'), { running: 3 })
    asEngine(scene.engine('b'), { running: 2, images: ['busybox'] })
    asEngine(scene.engine('c'), { running: 1 })

    expect(await spawnedAt(scene, ['{"Image":"busybox"}', ''])).toBe('b')
    expect(await spawnedAt(scene, ['{"Image":"other"}', ''])).toBe('c')
    expect(await spawnedAt(scene, [])).toBe('c')
  })

  it('spreads what is asked for at once', async () => {
    await using scene = await openScene(['a', 'b'])

    asEngine(scene.engine('a'), {})
    asEngine(scene.engine('b'), {})
    scene.engine('a').server.onSpawn(async (_, call) => {
      await new Promise((resolve) => { call.signal.addEventListener('abort', resolve) })
      throw call.signal.reason
    })

    const giveUp = new AbortController()
    const first = scene.input.spawn(['{}', ''], { signal: giveUp.signal }).catch(() => {})

    await settle()

    expect(await spawnedAt(scene, ['{}', ''])).toBe('b')

    giveUp.abort(new Error('enough'))
    await first
  })

  it('counts children where nothing tells what runs', async () => {
    await using scene = await openScene(['a', 'b'])

    withChildren(scene.engine('a'), ['one', 'two']).onSpawn(() => new Server('x').onGet(() => ({ Id: 'a' })))
    withChildren(scene.engine('b'), ['one']).onSpawn(() => new Server('x').onGet(() => ({ Id: 'b' })))

    expect(await spawnedAt(scene, ['worker'])).toBe('b')
  })

  it('has a missing image pulled where it was missing', async () => {
    await using scene = await openScene(['a', 'b'])
    const pulls: string[] = []

    for (const name of ['a', 'b']) {
      asEngine(scene.engine(name), { running: name === 'a' ? 0 : 5 })
      scene.engine(name).server
        .onSpawn(() => { throw new ServiceError('NotFound', 'No such image: busybox') })
        .onWatch(() => {
          pulls.push(name)

          return endedStream()
        })
    }

    await expect(scene.input.spawn(['{"Image":"busybox"}', 'name=b%2Fweb'])).rejects.toMatchObject({ code: 'NotFound' })
    await drain(await scene.input.watch(['pull', 'fromImage=busybox&tag=latest']))
    await drain(await scene.input.watch(['pull', 'fromImage=other&tag=1']))

    expect(pulls).toEqual(['b', 'a'])
  })
})

describe('watch of aggregate', () => {
  it('puts what happens together, and goes on when a source is lost, which it says', async () => {
    await using scene = await openScene(['a', 'b'])
    const [a, b] = [watchable(scene.engine('a')), watchable(scene.engine('b'))]
    const events = await scene.input.watch(['events', ''])

    await a.say('1')
    await b.say('2')
    expect([await next(events), await next(events)]).toEqual([['1'], ['2']])

    a.lose('the wire was cut')
    expect(await next(events)).toEqual(['Unavailable', expect.stringMatching(/^lost a: .*the wire was cut/)])

    await b.say('3')
    expect(await next(events)).toEqual(['3'])

    await b.end()
    expect((await events.receive()).done).toBe(true)
  })

  it('hears an engine again that has come back', async () => {
    await using scene = await openScene(['a', 'b'])
    const [a, b] = [watchable(scene.engine('a')), watchable(scene.engine('b'))]
    const events = await scene.input.watch(['events', ''])

    await b.say('1')
    expect(await next(events)).toEqual(['1'])
    a.lose('gone')
    scene.engine('a').lose()
    expect((await next(events))?.[0]).toBe('Unavailable')

    const again = watchable(scene.engine('a'))

    await scene.clock.advance(1000)
    await again.say('back')
    expect(await next(events)).toEqual(['back'])
    events.cancel()
  })

  it('leaves the sources alone when nobody watches any more', async () => {
    await using scene = await openScene(['a', 'b'])
    const [a, b] = [watchable(scene.engine('a')), watchable(scene.engine('b'))]
    const events = await scene.input.watch(['events', ''])

    events.cancel()

    expect([await a.closed(), await b.closed()]).toEqual(['cancelled', 'cancelled'])
  })

  it('needs one source only', async () => {
    await using scene = await openScene(['a', 'b'])
    const b = watchable(scene.engine('b'))
    const events = await scene.input.watch('events')

    await b.say('1')

    expect(await next(events)).toEqual(['1'])
    events.cancel()
  })
})

interface Watchable {
  say (text: string): Promise<void>
  lose (why: string): void
  end (): Promise<void>
  closed (): Promise<string>
}

/** An engine that says what the test says to those who watch. */
function watchable (engine: FakeEngine): Watchable {
  const watching = Promise.withResolvers<Sender<Message>>()

  engine.server.onVerb(VERBS.watch, async (call) => {
    await call.ack()

    const ret = call.takeRet()

    if (ret != null) {
      watching.resolve(ret)
    }

    await call.end()
  })

  return {
    say: async (text) => (await watching.promise).send({ verb: VERBS.set, args: [text] }),
    lose: (why) => { void watching.promise.then((ret) => { ret.abort(why) }) },
    end: async () => (await watching.promise).close(),
    closed: async () => (await (await watching.promise).closed).how
  }
}

async function next (events: Receiver<Message>): Promise<readonly string[] | undefined> {
  return (await events.receive()).value?.args
}

function endedStream (): Receiver<Message> {
  const [receiver, sender] = pipe<Message>()

  void sender.close()

  return receiver
}

async function drain (events: Receiver<Message>): Promise<void> {
  while ((await events.receive()).done !== true) {
    // up to the end
  }
}

async function ask (scene: Scene, verb: typeof VERBS.get, args: readonly string[]): Promise<Receiver<Message>> {
  const [answers, ret] = pipe<Message>()

  await scene.input.target.send({ verb, args, ret })

  return answers
}
