import { describe, expect, it } from 'vitest'
import { MAX_CHILD_LINES, simulatorBackend } from '../../src/backends/simulator.ts'
import { VERBS } from '../../src/service/index.ts'
import { hear, spawnStage } from './stage.ts'

describe('simulator', () => {
  it('lists its names, sorted, to the object and to its input', async () => {
    await using stage = await spawnStage(simulatorBackend, ['web', 'db'])

    await stage.object.start()

    expect(await stage.object.ls()).toEqual(['db', 'web'])
    expect(await stage.input.ls()).toEqual(['db', 'web'])
  })

  it('answers though nobody hears what it logs', async () => {
    await using stage = await spawnStage(simulatorBackend, ['web'])

    await stage.object.start()

    for (let count = 0; count < 1000; count++) {
      await stage.object.ls()
    }

    const { value } = await stage.output.receive()

    expect(value?.args).toEqual(['info', '[simulator] ls: web'])
  })

  it('has children whose state is changed by start and stop', async () => {
    await using stage = await spawnStage(simulatorBackend, ['web'])

    await stage.object.start()
    await using child = await stage.input.child('web')

    expect(await child.get()).toEqual({ name: 'web', state: 'created' })
    await child.start()
    expect(await child.get()).toEqual({ name: 'web', state: 'running' })
    await expect(child.start()).rejects.toMatchObject({ code: 'FailedPrecondition' })
    await child.stop()
    await child.stop()
    expect(await child.get()).toEqual({ name: 'web', state: 'exited' })
    await child.start()
    expect(await child.get()).toEqual({ name: 'web', state: 'running' })
  })

  it('has children that say what becomes of them, to all who attached', async () => {
    await using stage = await spawnStage(simulatorBackend, ['web'])

    await stage.object.start()
    await using child = await stage.input.child('web')
    const first = await child.attach()
    const second = await child.attach()

    await child.start()
    await first.input?.log('info', 'hello')

    for (const { output } of [first, second]) {
      expect((await output.receive()).value?.args).toEqual(['info', 'web: started'])
      expect((await output.receive()).value?.args).toEqual(['info', 'web: hello'])
      output.cancel()
    }
  })

  it('drops lines for one who does not listen', async () => {
    await using stage = await spawnStage(simulatorBackend, ['web'])

    await stage.object.start()
    await using child = await stage.input.child('web')
    const { input, output } = await child.attach()

    for (let count = 0; count < 10 * MAX_CHILD_LINES; count++) {
      await input?.log('info', String(count))
    }

    expect(await child.get()).toEqual({ name: 'web', state: 'created' })
    output.cancel()
  })

  it('says that a name is not there, and what is', async () => {
    await using stage = await spawnStage(simulatorBackend, ['web', 'db'])

    await stage.object.start()

    await expect(stage.input.child('mail')).rejects.toMatchObject({ code: 'NotFound', message: expect.stringContaining('db, web') })
    await expect(stage.input.child('web/db')).rejects.toMatchObject({ code: 'NotFound' })
  })

  it('does not implement what is not simulated', async () => {
    await using stage = await spawnStage(simulatorBackend, ['web'])

    await stage.object.start()

    await expect(stage.object.spawn('x')).rejects.toMatchObject({ code: 'NotImplemented' })
    await expect(stage.object.connect()).rejects.toMatchObject({ code: 'NotImplemented' })
  })

  it('ends when it is stopped, with those who are attached to its children', async () => {
    await using stage = await spawnStage(simulatorBackend, ['web'])
    const heard = hear(stage.output)

    await stage.object.start()
    await using child = await stage.input.child('web')
    const { output } = await child.attach()

    await stage.object.stop()

    expect((await heard).exit).toEqual({ code: 143, signal: 'SIGTERM' })
    expect(await output.receive()).toEqual({ done: true, value: undefined })
  })

  it('ends when its input does', async () => {
    await using stage = await spawnStage(simulatorBackend, ['web'])
    const heard = hear(stage.output)

    await stage.object.start()
    await stage.input.target.send({ verb: VERBS.log, args: ['info', 'x'] })
    await stage.input.close()

    expect((await heard).exit).toEqual({ code: 0 })
  })

  it.each([[['a', 'a'], 'AlreadyExists'], [['a/b'], 'InvalidArgument'], [[''], 'InvalidArgument']])('refuses the names %j', async (names, code) => {
    await expect(spawnStage(simulatorBackend, names)).rejects.toMatchObject({ code })
  })
})
