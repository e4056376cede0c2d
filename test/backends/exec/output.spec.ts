import { describe, expect, it } from 'vitest'
import { execBackend } from '../../../src/backends/exec/exec.ts'
import { VERBS } from '../../../src/service/index.ts'
import { until } from '../../support/until.ts'
import { bytesOf, hear, nextFile, runStage, sendFile, spawnStage, textOf } from '../stage.ts'
import { stateOf, writtenBy } from './processes.ts'

const MiB = 1024 * 1024

async function pidOf (stage: Awaited<ReturnType<typeof spawnStage>>): Promise<number> {
  return (await stage.object.get<{ pid: number }>('status')).pid
}

describe('the output of exec', () => {
  it('is whole in each of 40 runs', async () => {
    const wanted = Array.from({ length: 2000 }, (_, index) => `${index + 1}\n`).join('')

    for (let run = 0; run < 40; run++) {
      const { files, exit } = await runStage(execBackend, ['seq', '1', '2000'])

      expect(textOf(files.stdout)).toBe(wanted)
      expect(exit).toEqual({ code: 0 })
    }
  })

  it('is one stream of bytes for stdout and one for stderr', async () => {
    const { files, exit, errors } = await runStage(execBackend, ['sh', '-c', 'echo out; echo complaint >&2; exit 3'])

    expect(textOf(files.stdout)).toBe('out\n')
    expect(textOf(files.stderr)).toBe('complaint\n')
    expect(exit).toEqual({ code: 3 })
    expect(errors).toEqual([])
  })

  it.each([70_000, 64 * MiB])('has a line of %i bytes', async (length) => {
    const { files, exit } = await runStage(execBackend, ['--shell', `head -c ${length} /dev/zero | tr '\\0' a; echo`])

    expect(files.stdout?.byteLength).toBe(length + 1)
    expect(Buffer.alloc(length, 'a').equals(files.stdout?.subarray(0, length) ?? Buffer.of())).toBe(true)
    expect(files.stdout?.at(-1)).toBe(10)
    expect(exit).toEqual({ code: 0 })
  })

  it('brings two million lines in order', async () => {
    const { files } = await runStage(execBackend, ['seq', '1', '2000000'])
    const lines = textOf(files.stdout).split('\n')

    expect(lines.length).toBe(2_000_001)
    expect(lines.findIndex((line, index) => line !== (index === 2_000_000 ? '' : String(index + 1)))).toBe(-1)
  })

  it('changes no byte on the way in and out', async () => {
    const all = Uint8Array.from({ length: 256 * 1024 }, (_, index) => (index * 7 + (index >> 8)) & 0xFF)
    const { files } = await runStage(execBackend, ['cat'], { feed: async (input) => sendFile(input, bytesOf(all)) })

    expect(Buffer.compare(files.stdout ?? Buffer.of(), all)).toBe(0)
  })

  it('is waited for after the command itself has exited', async () => {
    // the second sleeps until the first, its parent, has gone
    const line = '(while kill -0 $$ 2>/dev/null; do sleep 0.01; done; echo late) &'
    const { files, exit } = await runStage(execBackend, ['--shell', line])

    expect(textOf(files.stdout)).toBe('late\n')
    expect(exit).toEqual({ code: 0 })
  })

  it('of one is the input of another', async () => {
    await using left = await spawnStage(execBackend, ['seq', '1', '2000000'])
    await using right = await spawnStage(execBackend, ['wc', '-lc'])
    const heard = hear(right.output)

    await right.object.start()
    await left.object.start()
    await sendFile(right.input, await nextFile(left.output))
    await right.input.close()

    expect(textOf((await heard).files.stdout).trim().split(/\s+/)).toEqual(['2000000', '14888896'])
  })

  it('that nobody reads makes the command wait, with few bytes kept', async () => {
    await using stage = await spawnStage(execBackend, ['yes'])

    await stage.object.start()

    const bytes = await nextFile(stage.output)
    const pid = await pidOf(stage)
    let written = -1

    await until(() => {
      const now = writtenBy(pid)
      const isStill = now === written && now > 0 && stateOf(pid) === 'S'

      written = now

      return isStill
    }, 'yes to wait')

    expect(written).toBeLessThan(MiB)
    expect(textOf(await bytes.read() ?? undefined).slice(0, 4)).toBe('y\ny\n')
    bytes.reset()
  })

  it('ends the command with SIGPIPE when its reader has gone', async () => {
    await using yes = await spawnStage(execBackend, ['yes'])
    await using head = await spawnStage(execBackend, ['head', '-1'])
    const heard = hear(head.output)

    await head.object.start()
    await yes.object.start()
    await sendFile(head.input, await nextFile(yes.output))

    expect(textOf((await heard).files.stdout)).toBe('y\n')
    expect((await hear(yes.output)).exit).toEqual({ code: 141, signal: 'SIGPIPE' })
  })

  it('ends the command with SIGPIPE whenever its reader goes', async () => {
    for (let run = 0; run < 20; run++) {
      await using stage = await spawnStage(execBackend, ['yes'])

      await stage.object.start()
      const bytes = await nextFile(stage.output)

      await bytes.read()
      bytes.closeRead()

      expect((await hear(stage.output)).exit).toEqual({ code: 141, signal: 'SIGPIPE' })
    }
  })

  it('can be opened by name', async () => {
    const { files, exit } = await runStage(execBackend, ['--shell', 'echo out > /dev/stdout; echo err > /dev/stderr'])

    expect(textOf(files.stdout)).toBe('out\n')
    expect(textOf(files.stderr)).toBe('err\n')
    expect(exit).toEqual({ code: 0 })
  })

  it('goes on when nobody reads what it complains of', async () => {
    await using stage = await spawnStage(execBackend, ['--shell', 'read line; head -c 1000000 /dev/zero >&2; echo done'])

    await stage.object.start()
    const stdout = await nextFile(stage.output)
    const stderr = await nextFile(stage.output, 'stderr')

    await stderr.closeWrite()
    stderr.closeRead()
    await stage.input.target.send({ verb: VERBS.log, args: ['info', 'go'] })

    expect(await stdout.text()).toBe('done\n')
  })
})
