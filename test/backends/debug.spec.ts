import { describe, expect, it } from 'vitest'
import { MAX_WAITING_LINES } from '../../src/backends/chatter.ts'
import { debugBackend, LAST_LINES_MS } from '../../src/backends/debug.ts'
import { simulatorBackend } from '../../src/backends/simulator.ts'
import { byteStreamPair, copy, pipe } from '../../src/channel/index.ts'
import { Client, serve, Server, ServiceError } from '../../src/service/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { eventually } from '../support/settle.ts'
import { bytesOf, hear, nextFile, runStage, sendFile, spawnStage, textOf } from './stage.ts'
import type { TestStage } from './stage.ts'

const echo = new Server('echo')
  .onGet(([text]) => text)
  .onLs(() => { throw new ServiceError('Unavailable', 'not now') })
  .onAttach((name) => new Server(name).onGet(() => `child ${name}`).onAttach((child) => new Server(child).onGet(() => `grandchild ${child}`)))

/** A debug in front of an object: what to ask, and what is shown in the end. */
async function debugOf (object: Server | TestStage['input']): Promise<TestStage & { end (): Promise<string[]> }> {
  const stage = await spawnStage(debugBackend, [])

  await stage.object.start()
  const shown = (await nextFile(stage.output, 'stderr')).text()

  if (object instanceof Server) {
    void serve(object, stage.output)
  } else {
    copy(object.target, stage.output).catch(() => {}) // the stage behind it may end first
  }

  return {
    ...stage,
    async end () {
      await stage.input.close()

      return (await shown).trimEnd().split('\n')
    }
  }
}

describe('debug', () => {
  it('shows requests and answers, and passes them on', async () => {
    await using debug = await debugOf(echo)

    expect(await debug.input.get('hello')).toBe('hello')
    await debug.input.log('info', 'to nobody')

    expect(await debug.end()).toEqual(['---> 1 get ["hello"]', '<--- 1 set ["\\"hello\\""]', '---> 2 log ["info" "to nobody"]'])
  })

  it('passes errors on with their code', async () => {
    await using debug = await debugOf(echo)

    await expect(debug.input.ls()).rejects.toMatchObject({ code: 'Unavailable', message: 'not now' })

    expect(await debug.end()).toEqual(['---> 1 ls []', '<--- 1 error ["Unavailable" "not now"]'])
  })

  it('shows what is said to objects that are given out in answers', async () => {
    await using debug = await debugOf(echo)
    const child = await debug.input.child('a')
    const grandchild = await child.child('b')

    expect(await grandchild.get()).toBe('grandchild b')
    await grandchild.close()
    await child.close()

    expect((await debug.end()).filter((line) => line.includes(' get ') || line.includes(' set '))).toEqual([
      '---> 3 @2 get []',
      '<--- 3 set ["\\"grandchild b\\""]'
    ].map((line) => expect.stringContaining(line.slice(0, 7))))
  })

  it('counts bytes, and changes none', async () => {
    const { files } = await runStage(debugBackend, [], {
      async feed (input) {
        await sendFile(input, bytesOf(new Uint8Array(1_000_000), 'end'))
      }
    })

    expect(files.stdout?.byteLength).toBe(1_000_003)
    expect(textOf(files.stderr)).toBe('---> 1 file ["stdout"] + bytes\n---> 1 1000003 bytes\n')
  })

  it('works behind another one, each with lines of its own', async () => {
    await using simulator = await spawnStage(simulatorBackend, ['web'])

    await simulator.object.start()
    await using right = await debugOf(simulator.input)
    await using left = await debugOf(right.input)

    expect(await left.input.ls()).toEqual(['web'])

    expect(await left.end()).toEqual(['---> 1 ls []', '<--- 1 set ["web"]'])
    expect(await right.end()).toEqual(['---> 1 ls []', '<--- 1 set ["web"]'])
  })

  it('cuts long arguments short', async () => {
    await using debug = await debugOf(echo)

    await debug.input.log('info', 'x'.repeat(100_000))
    const [line = ''] = await debug.end()

    expect(line.length).toBeLessThan(300)
    expect(line).toContain('100004 characters')
  })

  it('holds nobody up when its lines are not read, and counts those it leaves out', async () => {
    const count = 100 * MAX_WAITING_LINES

    await using stage = await spawnStage(debugBackend, [])

    await stage.object.start()
    const lines = await nextFile(stage.output, 'stderr')
    const passed = (async () => {
      let logs = 0

      for await (const { args } of stage.output) {
        logs += args[0] === 'info' ? 1 : 0
      }

      return logs
    })()

    for (let index = 0; index < count; index++) {
      await stage.input.log('info', 'y'.repeat(100))
    }

    await stage.input.close()
    const text = await lines.text({ maxBytes: 16 * 1024 * 1024 })

    expect(await passed).toBe(count)
    expect(text.split('\n').length).toBeLessThan(count)
    expect(text).toMatch(/\n\d+ more, not shown/)
  })

  it('ends though nobody reads its lines', async () => {
    const clock = new FakeClock()

    await using stage = await spawnStage(debugBackend, [], { clock })

    await stage.object.start()
    await nextFile(stage.output, 'stderr')
    const heard = hear(stage.output)

    for (let index = 0; index < 2000; index++) {
      await stage.input.log('info', 'y'.repeat(150))
    }

    await stage.input.close()
    await eventually(() => clock.pending === 1)
    await clock.advance(LAST_LINES_MS)

    expect((await heard).exit).toEqual({ code: 0 })
  })

  it('takes no input that was cut off for an end', async () => {
    const [requests, sender] = pipe()
    const [near, far] = byteStreamPair()

    await using stage = await spawnStage(debugBackend, [])

    void requests.closed
    await stage.object.start()
    await nextFile(stage.output, 'stderr')
    await sendFile(stage.input, far)
    const passed = await nextFile(stage.output)

    near.reset('broken')
    sender.abort()

    await expect(passed.read()).rejects.toMatchObject({ code: 'StreamReset' })
  })

  it('ends when it is stopped, also while a call is open', async () => {
    await using stage = await spawnStage(debugBackend, [])

    await stage.object.start()
    await nextFile(stage.output, 'stderr')
    const asked = new Client(stage.input.target).get('never')

    asked.catch(() => {})
    await stage.output.receive()
    await stage.object.stop()

    expect((await hear(stage.output)).exit).toEqual({ code: 143, signal: 'SIGTERM' })
    await expect(asked).rejects.toBeInstanceOf(Error)
  })

  it('takes no arguments', async () => {
    await expect(spawnStage(debugBackend, ['x'])).rejects.toMatchObject({ code: 'InvalidArgument' })
  })
})
