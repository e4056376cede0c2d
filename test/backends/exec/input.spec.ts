import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { STOP_GRACE_MS } from '../../../src/backends/exec/exec-run.ts'
import { execBackend } from '../../../src/backends/exec/exec.ts'
import { MAX_WAITING_INPUTS } from '../../../src/backends/handle-input.ts'
import { byteStreamPair } from '../../../src/channel/index.ts'
import { Client } from '../../../src/service/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { turns } from '../../support/settle.ts'
import { until } from '../../support/until.ts'
import { bytesOf, hear, nextFile, runStage, sendFile, spawnStage, textOf } from '../stage.ts'

describe('the input of exec', () => {
  it('is bytes and lines in the order in which they came', async () => {
    const { files } = await runStage(execBackend, ['cat'], {
      async feed (input) {
        await sendFile(input, bytesOf('a', 'b'))
        await input.log('info', 'line')
        await sendFile(input, bytesOf('c'))
        await input.log('info', 'piece', {})
      }
    })

    expect(textOf(files.stdout)).toBe('abline\ncpiece\n')
  })

  it('is at its end for the command when it ends', async () => {
    const { files, exit } = await runStage(execBackend, ['wc', '-c'], { feed: async (input) => sendFile(input, bytesOf('12345')) })

    expect(textOf(files.stdout).trim()).toBe('5')
    expect(exit).toEqual({ code: 0 })
  })

  it('is empty when nothing came', async () => {
    const { files, exit } = await runStage(execBackend, ['cat'])

    expect(textOf(files.stdout)).toBe('')
    expect(exit).toEqual({ code: 0 })
  })

  it('takes more files than may wait at a time', async () => {
    const count = 3 * MAX_WAITING_INPUTS
    const { files } = await runStage(execBackend, ['cat'], {
      async feed (input) {
        for (let index = 0; index < count; index++) {
          await sendFile(input, bytesOf(`${index} `))
        }
      }
    })

    expect(textOf(files.stdout)).toBe(Array.from({ length: count }, (_, index) => `${index} `).join(''))
  })

  it('acknowledges a file when all of it was taken', async () => {
    await using stage = await spawnStage(execBackend, ['cat'])

    await stage.object.start()
    const stdout = await nextFile(stage.output)
    const { args } = await stage.input.file('data', { att: bytesOf('bytes') })

    expect(args).toEqual([])
    expect(textOf(await stdout.read() ?? undefined)).toBe('bytes')
  })

  it('waits for the command, with few bytes kept', async () => {
    const chunk = new Uint8Array(64 * 1024)
    const [near, far] = byteStreamPair()
    let written = 0

    await using stage = await spawnStage(execBackend, ['sleep', '1000'])
    const heard = hear(stage.output)

    await stage.object.start()
    await sendFile(stage.input, far)
    const writing = (async () => {
      for (;;) {
        await near.write(chunk)
        written += chunk.byteLength
      }
    })()
    const ended = expect(writing).rejects.toMatchObject({ code: 'StreamReset' })

    let last = -1

    await until(() => {
      const isStill = written > 0 && written === last

      last = written

      return isStill
    }, 'the writer to wait')
    await turns(1000)
    expect(written).toBeLessThan(1024 * 1024)
    await stage.object.stop()
    await ended
    await heard
  })

  it('refuses a file without bytes', async () => {
    await using stage = await spawnStage(execBackend, ['cat'])

    await stage.object.start()

    await expect(stage.input.file('data')).rejects.toMatchObject({ code: 'InvalidArgument' })
  })

  it('refuses what else it is asked', async () => {
    await using stage = await spawnStage(execBackend, ['cat'])

    await stage.object.start()

    await expect(stage.input.ls()).rejects.toMatchObject({ code: 'NotImplemented' })
  })

  it('of a command that reads none of it is no error', async () => {
    const [near, far] = byteStreamPair()
    const { exit, errors } = await runStage(execBackend, ['true'], {
      async feed (input) {
        await sendFile(input, far)

        for (let index = 0; index < 100; index++) {
          await near.write(new Uint8Array(64 * 1024)).catch(() => {})
        }
      }
    })

    expect(exit).toEqual({ code: 0 })
    expect(errors).toEqual([])
    expect(await near.closed).toMatchObject({ code: 'StreamReset' })
  })

  it('tells who sends it that the command has ended, without another byte', async () => {
    const [near, far] = byteStreamPair()

    await using stage = await spawnStage(execBackend, ['true'])

    await sendFile(stage.input, far)
    await stage.object.start()

    expect(await near.closed).toMatchObject({ code: 'StreamReset' })
  })
})

describe('an input of exec that is cut off', () => {
  async function createFolder (): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'exec-'))

    onTestFinished(async () => rm(folder, { recursive: true }))

    return folder
  }

  it('fails the stage, and is no end for the command', async () => {
    const folder = await createFolder()
    const [near, far] = byteStreamPair()

    await using stage = await spawnStage(execBackend, ['--cwd', folder, '--shell', 'echo ready; cat > part; mv part whole'])

    await stage.object.start()
    const stdout = await nextFile(stage.output)

    await sendFile(stage.input, far)
    expect(textOf(await stdout.read() ?? undefined)).toBe('ready\n')
    await near.write('half')
    near.reset('the disk broke')
    const { errors, exit } = await hear(stage.output)

    expect(errors).toEqual([expect.objectContaining({ code: 'Unavailable', message: expect.stringContaining('the disk broke') })])
    expect(exit).toEqual({ code: 1 })
    expect(await readdir(folder)).not.toContain('whole')
    await expect(stdout.read()).rejects.toMatchObject({ code: 'StreamReset' })
  })

  it('is no end for a command that does not heed SIGTERM either', async () => {
    const clock = new FakeClock()
    const folder = await createFolder()
    const [near, far] = byteStreamPair()

    await using stage = await spawnStage(execBackend, ['--cwd', folder, '--shell', "trap '' TERM; echo ready; cat > part; mv part whole"], { clock })

    await stage.object.start()
    const stdout = await nextFile(stage.output)

    await sendFile(stage.input, far)
    await stdout.read()
    const heard = hear(stage.output)

    near.reset('the disk broke')
    await until(() => clock.pending > 0, 'the grace to begin')
    await turns(100_000)
    await clock.advance(STOP_GRACE_MS)

    expect((await heard).exit).toEqual({ code: 1 })
    expect(await readdir(folder)).toEqual(['part'])
  })

  it('ends files that wait behind it', async () => {
    const [first, second] = [byteStreamPair(), byteStreamPair()]

    await using stage = await spawnStage(execBackend, ['cat'])

    await stage.object.start()
    await sendFile(stage.input, first[1])
    await sendFile(stage.input, second[1])
    first[0].reset('broken')

    expect(await second[0].closed).toMatchObject({ code: 'StreamReset' })
    expect((await hear(stage.output)).exit).toEqual({ code: 1 })
  })

  it('matters no more once the command has ended', async () => {
    const [near, far] = byteStreamPair()

    await using stage = await spawnStage(execBackend, ['--shell', 'sleep 0.05 & echo ready'])

    await stage.object.start()
    await sendFile(stage.input, far)
    const stdout = await nextFile(stage.output)

    expect(textOf(await stdout.read() ?? undefined)).toBe('ready\n')
    await near.closed
    near.reset('too late')

    expect((await hear(stage.output)).exit).toEqual({ code: 0 })
  })

  it('fails the stage when the channel was aborted', async () => {
    await using stage = await spawnStage(execBackend, ['cat'])
    const heard = hear(stage.output)

    await stage.object.start()
    new Client(stage.input.target).target.abort('the peer is gone')
    const { errors, exit, cutFiles } = await heard

    expect(errors).toEqual([expect.objectContaining({ code: 'Unavailable', message: expect.stringContaining('the peer is gone') })])
    expect(exit).toEqual({ code: 1 })
    expect(cutFiles.stdout).toMatchObject({ code: 'StreamReset' })
  })
})
