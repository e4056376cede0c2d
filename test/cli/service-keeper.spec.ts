import { describe, expect, it } from 'vitest'
import { createHost } from '../../src/backends/index.ts'
import { RESTART_DEFAULTS, restartDelay, ServiceKeeper } from '../../src/cli/up/service-keeper.ts'
import { Client, defineBackend, reference, ServiceError, task } from '../../src/service/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { turns } from '../support/settle.ts'
import type { RestartPolicy } from '../../src/cli/config/node-config.ts'

interface Scene {
  readonly keeper: ServiceKeeper
  readonly clock: FakeClock
  readonly told: Array<Record<string, unknown>>
  /** Ends what runs, with this code. */
  end (code: number): Promise<void>
}

/** A service that ends when it is told to. */
function createScene ({ restart = 'on-failure', refuses = false, allow = '*', ready }: { restart?: RestartPolicy, refuses?: boolean, allow?: '*' | string[], ready?: Promise<void> } = {}): Scene {
  const clock = new FakeClock()
  const told: Scene['told'] = []
  let running = Promise.withResolvers<number>()

  const backend = defineBackend({
    name: 'work',
    summary: 'works',
    usage: '',
    async spawn () {
      await ready

      if (refuses) {
        throw new ServiceError('InvalidArgument', 'no work today')
      }

      running = Promise.withResolvers()

      const { promise } = running

      return task(async ({ signal }) => ({ code: await Promise.race([promise, new Promise<number>((resolve) => { signal.addEventListener('abort', () => { resolve(143) }) })]) }), { clock })
    }
  })

  const keeper = new ServiceKeeper({
    config: { name: 'shop', stages: ['work'], allow, restart },
    host: createHost({ backends: [backend], clock }),
    clock,
    json: true,
    write: async () => {},
    tell: (event, facts) => { told.push({ event, ...facts }) }
  })

  return {
    keeper,
    clock,
    told,
    async end (code) {
      running.resolve(code)
      await turns(50)
    }
  }
}

async function statusOf ({ keeper, clock }: Scene): Promise<unknown> {
  await using client = new Client({ handle: keeper.handle }, { clock })

  return await client.get('status')
}

describe('ServiceKeeper', () => {
  it('ends what was still starting when it was stopped', async () => {
    const { promise: ready, resolve } = Promise.withResolvers<void>()
    const scene = createScene({ allow: ['alice'], ready })
    const starting = scene.keeper.start()

    await using client = new Client({ handle: scene.keeper.handle }, { clock: scene.clock })

    await client.stop()
    resolve()

    expect(await starting).toBe(false)
    expect(await statusOf(scene)).toEqual({ state: 'stopped', restarts: 0 })
    expect(scene.told).toEqual([])
  })

  it('starts a service again after 1 s, then 2 s, and counts', async () => {
    const scene = createScene()

    expect(await scene.keeper.start()).toBe(true)
    await scene.end(3)

    expect(await statusOf(scene)).toEqual({ state: 'waiting', why: 'work exited with code 3', restarts: 0 })

    await scene.clock.advance(999)
    expect(await statusOf(scene)).toMatchObject({ state: 'waiting' })
    await scene.clock.advance(1)
    await turns(50)
    expect(await statusOf(scene)).toEqual({ state: 'running', restarts: 1 })

    await scene.end(3)
    expect(scene.told.filter(({ event }) => event === 'serviceWaits').map(({ delayMs }) => delayMs)).toEqual([1000, 2000])

    await scene.keeper.stop()
    expect(scene.clock.pending).toBe(0)
  })

  it('begins anew with one that has run for a minute', async () => {
    const scene = createScene()

    await scene.keeper.start()
    await scene.end(1)
    await scene.clock.advance(1000)
    await turns(50)
    await scene.clock.advance(RESTART_DEFAULTS.settledMs)
    await scene.end(1)

    expect(scene.told.filter(({ event }) => event === 'serviceWaits').map(({ delayMs }) => delayMs)).toEqual([1000, 1000])
    await scene.keeper.stop()
  })

  it('waits at most a minute', () => {
    expect([0, 1, 2, 5, 6, 7, 1000].map(restartDelay)).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000])
  })

  it('leaves alone what ended well, and what is never to be started again', async () => {
    const well = createScene()
    const never = createScene({ restart: 'never' })

    await well.keeper.start()
    await well.end(0)
    await never.keeper.start()
    await never.end(7)

    expect(await statusOf(well)).toEqual({ state: 'ended', code: 0, why: 'it has ended', restarts: 0 })
    expect(await statusOf(never)).toEqual({ state: 'ended', code: 7, why: 'work exited with code 7', restarts: 0 })
    expect([well.clock.pending, never.clock.pending]).toEqual([0, 0])
  })

  it('tries again what cannot start, and tells callers why it does not run', async () => {
    const scene = createScene({ refuses: true })

    expect(await scene.keeper.start()).toBe(false)
    expect(scene.told[0]).toEqual({ event: 'serviceFailed', service: 'shop', message: 'no work today' })

    await using client = new Client({ handle: scene.keeper.handle })

    await expect(client.ls()).rejects.toMatchObject({ code: 'Unavailable', message: 'shop does not run: it cannot start: no work today; it starts again in 1 s' })
    await scene.keeper.stop()
    await expect(client.ls()).rejects.toThrow('shop does not run: it was stopped')
    expect(scene.clock.pending).toBe(0)
  })

  it('can be stopped and started by those who are named, not by everybody', async () => {
    const named = createScene({ allow: ['alice'] })
    const everybodys = createScene()

    await named.keeper.start()
    await everybodys.keeper.start()

    await using boss = new Client({ handle: named.keeper.handle }, { clock: named.clock })
    await using stranger = new Client(reference({ handle: everybodys.keeper.handle }, { caller: { peer: 'mallory' } }))

    await boss.stop()
    expect(await statusOf(named)).toMatchObject({ state: 'stopped' })
    await boss.start()
    expect(await statusOf(named)).toMatchObject({ state: 'running' })
    await expect(stranger.stop()).rejects.toMatchObject({ code: 'PermissionDenied' })
    expect(await statusOf(everybodys)).toMatchObject({ state: 'running' })

    await Promise.all([named.keeper.stop(), everybodys.keeper.stop()])
  })
})
