import { describe, expect, it } from 'vitest'
import { createHost } from '../../../src/backends/index.ts'
import { LOCAL, Server, ServiceError } from '../../../src/service/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { openScene, withChildren } from './scene.ts'
import type { Scene } from './scene.ts'

const signal = new AbortController().signal

/** Two engines, each with a child of its own. */
async function openTwo (): Promise<Scene> {
  const scene = await openScene(['a', 'b'])

  withChildren(scene.engine('a'), ['web'])
  withChildren(scene.engine('b'), ['db'])

  return scene
}

interface Status {
  engines: Array<{ name: string, state: string }>
  partial: Array<{ engine: string, error: string }>
}

describe('an engine behind aggregate', () => {
  it('is left out after 5 s when it does not answer, and those that do answer', async () => {
    await using scene = await openTwo()

    scene.engine('b').isSilent = true

    const listing = scene.input.ls()

    await scene.clock.advance(4999)
    expect((await scene.object.get<Status>('status')).partial).toEqual([])
    await scene.clock.advance(1)

    expect(await listing).toEqual(['web'])
    expect(await scene.object.get('status')).toMatchObject({
      state: 'running',
      engines: [{ name: 'a', state: 'up' }, { name: 'b', state: 'down' }],
      partial: [{ engine: 'b', error: 'ls was not answered within 5000 ms' }]
    })
    expect(await scene.input.get('status')).toMatchObject({ partial: [{ engine: 'b' }] })
    expect(scene.logs).toEqual(['warn b is left out: ls was not answered within 5000 ms'])
  })

  it('is not waited for again while it is left out', async () => {
    await using scene = await openTwo()

    scene.engine('b').isSilent = true

    const first = scene.input.ls()

    await scene.clock.advance(5000)
    await first

    expect(await scene.input.ls()).toEqual(['web'])
    await expect(scene.input.child('db')).rejects.toMatchObject({
      code: 'NotFound',
      message: 'No such container: db (not asked: b: ls was not answered within 5000 ms)'
    })
  })

  it('is asked again after 1, 2, 4 s and so on, at most 30 s apart, and comes back when it answers', async () => {
    await using scene = await openTwo()
    const { clock } = scene
    const b = scene.engine('b')

    b.server = new Server('b').onLs(() => { throw new ServiceError('Unavailable', 'the engine is not running') })
    await scene.input.ls()
    b.callers.length = 0

    const probes: number[] = []
    const since = clock.now()

    while (probes.length < 8) {
      await clock.advance(1000)

      if (b.callers.length > probes.length) {
        probes.push((clock.now() - since) / 1000)
      }
    }

    expect(probes).toEqual([1, 3, 7, 15, 31, 61, 91, 121])

    withChildren(b, ['db'])
    await clock.advance(30_000)

    expect(await scene.input.ls()).toEqual(['web', 'db'])
    expect(scene.logs).toEqual(['warn b is left out: the engine is not running', 'warn b answers again'])
  })

  it('is launched again when it was lost', async () => {
    await using scene = await openTwo()
    const b = scene.engine('b')

    b.lose()
    await settle()

    expect(await scene.input.ls()).toEqual(['web'])
    expect((await scene.object.get<Status>('status')).partial[0]?.error).toContain('the wire was cut')

    b.launchError = new ServiceError('Unavailable', 'nobody is there')
    await scene.clock.advance(1000)
    expect(b.launches).toBe(2)

    b.launchError = undefined
    await scene.clock.advance(2000)

    expect(b.launches).toBe(3)
    expect(await scene.input.ls()).toEqual(['web', 'db'])
  })

  it('is launched again when it has ended as it was unavailable, and not when it has ended by itself', async () => {
    await using scene = await openScene(['a', 'b', 'c'])

    await scene.engine('b').exit(1, new ServiceError('Unavailable', 'lost the engine'))
    await scene.engine('c').exit(0)
    await scene.clock.advance(60_000)

    expect(scene.engine('b').launches).toBe(2)
    expect(scene.engine('c').launches).toBe(1)
    expect(scene.logs).toContain('warn b: lost the engine')
  })

  it('may be unreachable at first', async () => {
    await using scene = await openScene(['a', 'b'], {
      prepare (engine) { engine('b').launchError = new ServiceError('Unavailable', 'nobody is there') }
    })

    withChildren(scene.engine('a'), ['web'])
    withChildren(scene.engine('b'), ['db'])

    expect(await scene.input.ls()).toEqual(['web'])

    scene.engine('b').launchError = undefined
    await scene.clock.advance(1000)

    expect(await scene.input.ls()).toEqual(['web', 'db'])
  })

  it('keeps nothing of the caller of another waiting: each question has its own time', async () => {
    await using scene = await openTwo()

    scene.engine('b').isSilent = true

    const slow = scene.input.ls()

    await using web = await scene.input.child('a/web')

    expect(await web.get()).toEqual({ name: 'web', engine: 'a' })

    await scene.clock.advance(5000)
    await slow
  })

  it('gets 0.8 of a shorter deadline of the caller, and is not left out for missing that', async () => {
    await using scene = await openTwo()

    scene.engine('b').isSilent = true

    const listing = scene.input.ls([], { meta: { 'timeout-ms': '1000' } })

    await scene.clock.advance(800)

    expect(await listing).toEqual(['web'])
    expect((await scene.object.get<Status>('status')).partial).toEqual([])
  })

  it('is not blamed when the caller gives up', async () => {
    await using scene = await openTwo()
    const giveUp = new AbortController()

    scene.engine('b').isSilent = true

    const listing = scene.input.ls([], { signal: giveUp.signal })

    await settle()
    giveUp.abort(new Error('enough'))

    await expect(listing).rejects.toThrow('enough')
    await settle()
    expect((await scene.object.get<Status>('status')).partial).toEqual([])
  })

  it('is left out when it takes no more requests', async () => {
    await using scene = await openTwo()

    scene.engine('b').isSilent = true
    await scene.input.log('info', 'which it never gets done with')

    const spawning = scene.input.spawn('b/worker')

    spawning.catch(() => {})
    await scene.clock.advance(5000)

    await expect(spawning).rejects.toMatchObject({ code: expect.stringMatching(/DeadlineExceeded|Unavailable/) })
    expect((await scene.object.get<Status>('status')).partial).toMatchObject([{ engine: 'b' }])
  })

  it('is not asked any more when the aggregate has ended', async () => {
    const scene = await openTwo()

    scene.engine('b').isSilent = true

    const listing = scene.input.ls()

    await scene.clock.advance(5000)
    await listing
    await scene.input.close()

    while ((await scene.output.receive()).done !== true) {
      // up to the end
    }

    expect(scene.clock.pending).toBe(0)
    await scene[Symbol.asyncDispose]()
  })

  it('that takes no logs in time is left out, and the others get them', async () => {
    const heard: string[] = []

    await using scene = await openScene(['a', 'b'])

    scene.engine('a').server.onLog(([, text]) => { heard.push(text ?? '') })
    scene.engine('b').isSilent = true

    await scene.input.log('info', 'one')
    await settle()
    await scene.input.log('info', 'two')
    await scene.clock.advance(5000)
    await scene.input.log('info', 'three')
    await settle()

    expect(heard).toEqual(['one', 'two', 'three'])
    expect((await scene.object.get<Status>('status')).partial).toEqual([{ engine: 'b', error: 'log was not taken within 5000 ms' }])
  })
})

describe('aggregate, when all engines are dead,', () => {
  it('says Unavailable, and names each', async () => {
    await using scene = await openTwo()

    scene.engine('a').isSilent = true
    scene.engine('b').launchError = new ServiceError('Unavailable', 'nobody is there')
    scene.engine('b').lose()
    await settle()

    const listing = scene.input.ls()

    listing.catch(() => {})
    await scene.clock.advance(5000)

    await expect(listing).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringMatching(/a: ls was not answered within 5000 ms; b: .*nobody is there/) })
    await expect(scene.input.spawn('x')).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringMatching(/a: .*; b: /) })
    await expect(scene.input.watch('events')).rejects.toMatchObject({ code: 'Unavailable' })
    await expect(scene.input.watch('pull')).rejects.toMatchObject({ code: 'Unavailable' })
  })

  it('cannot be spawned', async () => {
    const opening = openScene(['a', 'b'], {
      prepare (engine) {
        engine('a').launchError = new ServiceError('Unavailable', 'nobody is there')
        engine('b').launchError = new ServiceError('Unavailable', 'no way')
      }
    })

    await expect(opening).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('a: nobody is there; b: no way') })
  })

  it('does not start when none of them does, and ends with that', async () => {
    const scene = await openScene(['a'], {
      isStarted: false,
      prepare (engine) { engine('a').startError = new ServiceError('ServiceFailed', 'no power') }
    })

    await expect(scene.object.start()).rejects.toMatchObject({ code: 'ServiceFailed', message: 'no power' })
    expect(await scene.object.get('status')).toMatchObject({ state: 'exited', code: 1, error: 'no power' })
    expect(scene.clock.pending).toBe(0)

    await scene[Symbol.asyncDispose]()
  })
})

describe('the lines of aggregate', () => {
  it.each([
    ['aggregate', 'InvalidArgument', /wanted 1 to 64 engines/],
    ["aggregate 'a=simulator' 'a=simulator'", 'InvalidArgument', /received a twice/],
    ["aggregate --timeout soon 'simulator'", 'InvalidArgument', /--timeout/],
    ["aggregate --what 'simulator'", 'InvalidArgument', /--what/],
    ["aggregate 'simulator' 'simulater'", 'NotFound', /did you mean simulator/],
    ["aggregate 'simulator' 'simulator @berlin'", 'NotImplemented', /no swarm/]
  ])('refuse %s', async (line, code, message) => {
    await expect(createHost().launch(line, { caller: LOCAL, signal })).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('refuse what a remote caller may not spawn', async () => {
    const launching = createHost().launch("aggregate 'simulator' 'exec ls'", { caller: { peer: 'x' }, signal })

    await expect(launching).rejects.toMatchObject({ code: 'PermissionDenied', message: 'peer x may not spawn exec: it is not on its list' })
  })
})
