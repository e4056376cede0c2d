import { describe, expect, it } from 'vitest'
import { fakeclientBackend } from '../../src/backends/fakeclient.ts'
import { VERBS } from '../../src/service/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { eventually } from '../support/settle.ts'
import { hear, spawnStage } from './stage.ts'

describe('fakeclient', () => {
  it('logs a heartbeat every second', async () => {
    const clock = new FakeClock()

    await using stage = await spawnStage(fakeclientBackend, [], { clock })
    const texts: string[] = []
    const heard = (async () => {
      for await (const { verb, args } of stage.output) {
        texts.push(...verb === VERBS.log ? [args[1] ?? ''] : [])
      }
    })()

    await stage.object.start()
    await clock.advance(999)
    expect(texts).toEqual(['fakeclient: started'])
    await clock.advance(1)
    expect(texts).toEqual(['fakeclient: started', 'fakeclient: heartbeat 1'])
    await clock.advance(2000)
    await stage.object.stop()
    await heard

    expect(texts.at(-1)).toBe('fakeclient: heartbeat 3')
    expect(clock.pending).toBe(0)
  })

  it('ends after as many as were asked for', async () => {
    const clock = new FakeClock()

    await using stage = await spawnStage(fakeclientBackend, ['--count', '2', '--interval', '5'], { clock })
    const heard = hear(stage.output)

    await stage.object.start()
    await clock.advance(10)
    const { logs, exit } = await heard

    expect(logs.map(([, text]) => text)).toEqual(['fakeclient: started', 'fakeclient: heartbeat 1', 'fakeclient: heartbeat 2'])
    expect(exit).toEqual({ code: 0 })
  })

  it('ends when it is stopped between heartbeats', async () => {
    const clock = new FakeClock()

    await using stage = await spawnStage(fakeclientBackend, [], { clock })
    const heard = hear(stage.output)

    await stage.object.start()
    await eventually(() => clock.pending === 1)
    await stage.object.stop()

    expect((await heard).exit).toEqual({ code: 143, signal: 'SIGTERM' })
    expect(clock.pending).toBe(0)
  })

  it('ends when nobody listens any more, between heartbeats', async () => {
    const clock = new FakeClock()

    await using stage = await spawnStage(fakeclientBackend, [], { clock })

    await stage.object.start()
    await stage.output.receive()
    await eventually(() => clock.pending === 1)
    stage.output.cancel()
    await eventually(() => clock.pending === 0)

    expect(await stage.object.get('status')).toEqual({ state: 'exited', code: 141, signal: 'SIGPIPE' })
  })

  it('refuses what it is asked', async () => {
    const clock = new FakeClock()

    await using stage = await spawnStage(fakeclientBackend, [], { clock })

    await stage.object.start()

    await expect(stage.input.ls()).rejects.toMatchObject({ code: 'NotImplemented' })
  })

  it.each([[['--interval', '0']], [['--interval', 'soon']], [['--count', '-1']], [['--count', '1.5']], [['x']]])('refuses %j', async (args) => {
    await expect(spawnStage(fakeclientBackend, args)).rejects.toMatchObject({ code: 'InvalidArgument', message: expect.stringContaining('usage: fakeclient') })
  })
})
