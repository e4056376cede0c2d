import { describe, expect, it } from 'vitest'
import { execBackend } from '../../src/backends/exec/exec.ts'
import { MAX_LINE_LENGTH } from '../../src/backends/line-splitter.ts'
import { logBackend } from '../../src/backends/log.ts'
import { byteStreamPair } from '../../src/channel/index.ts'
import { copy } from '../../src/channel/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { bytesOf, hear, runStage, sendFile, spawnStage, textOf } from './stage.ts'

describe('log', () => {
  it('makes lines of bytes, and passes logs on in between', async () => {
    const { logs, exit } = await runStage(logBackend, [], {
      async feed (input) {
        await input.log('warn', 'before')
        await sendFile(input, bytesOf('one\ntw', 'o\nthree'))
        await input.log('info', 'after')
      }
    })

    expect(logs).toEqual([['warn', 'before'], ['stdout', 'one'], ['stdout', 'two'], ['stdout', 'three'], ['info', 'after']])
    expect(exit).toEqual({ code: 0 })
  })

  it('puts a prefix before lines, and none within', async () => {
    const { logs } = await runStage(logBackend, ['--prefix', '> '], {
      feed: async (input) => sendFile(input, bytesOf('a\n', 'x'.repeat(MAX_LINE_LENGTH), 'y\nb'))
    })

    expect(logs).toEqual([['stdout', '> a'], ['stdout', `> ${'x'.repeat(MAX_LINE_LENGTH)}`, 'partial'], ['stdout', 'y'], ['stdout', '> b']])
  })

  it('makes objects of lines', async () => {
    const { logs } = await runStage(logBackend, ['--json', '--prefix', 'web'], {
      feed: async (input) => input.log('warn', 'say "hi"'),
      host: { clock: new FakeClock(1000) }
    })

    expect(logs).toEqual([['warn', '{"time":"1970-01-01T00:00:01.000Z","stream":"warn","prefix":"web","text":"say \\"hi\\""}']])
  })

  it('gives long lines to a command as they were', async () => {
    await using left = await spawnStage(logBackend, [])
    await using right = await spawnStage(execBackend, ['cat'])
    const text = `${'x'.repeat(3 * MAX_LINE_LENGTH + 5)}\nshort\n`
    const heard = hear(right.output)

    await right.object.start()
    await left.object.start()
    const copied = copy(right.input.target, left.output)

    await sendFile(left.input, bytesOf(text))
    await left.input.close()
    await copied
    await right.input.close()

    expect(textOf((await heard).files.stdout)).toBe(text)
  })

  it('fails when its input is reset', async () => {
    const [near, far] = byteStreamPair()
    const { errors, exit, logs } = await runStage(logBackend, [], {
      async feed (input) {
        await sendFile(input, far)
        await near.write('whole\nhalf')
        near.reset('broken')
      }
    })

    expect(errors).toEqual([expect.objectContaining({ code: 'StreamReset' })])
    expect(exit).toEqual({ code: 1 })
    expect(logs).not.toContainEqual(['stdout', 'half'])
  })

  it('ends at once when it is stopped, and tells who writes', async () => {
    const [near, far] = byteStreamPair()

    await using stage = await spawnStage(logBackend, [])
    const heard = hear(stage.output)

    await stage.object.start()
    await sendFile(stage.input, far)
    await stage.object.stop()

    expect((await heard).exit).toEqual({ code: 143, signal: 'SIGTERM' })
    expect(await near.closed).toMatchObject({ code: 'StreamReset' })
  })

  it.each([[['--colour']], [['--prefix']], [['word']]])('refuses %j', async (args) => {
    await expect(spawnStage(logBackend, args)).rejects.toMatchObject({ code: 'InvalidArgument', message: expect.stringContaining('usage: log') })
  })
})
