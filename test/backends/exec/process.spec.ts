import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { DRAIN_MS, STOP_GRACE_MS } from '../../../src/backends/exec/exec-run.ts'
import { execBackend } from '../../../src/backends/exec/exec.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { until } from '../../support/until.ts'
import { hear, nextFile, runStage, spawnStage, textOf } from '../stage.ts'
import { membersOf, zombies } from './processes.ts'
import type { TestStage } from '../stage.ts'

async function pidOf ({ object }: TestStage): Promise<number> {
  return (await object.get<{ pid: number }>('status')).pid
}

/** A started command that has written its first line. */
async function startReady (args: string[], clock?: FakeClock): Promise<TestStage & { pid: number }> {
  const stage = await spawnStage(execBackend, args, clock == null ? {} : { clock })

  await stage.object.start()
  await (await nextFile(stage.output)).read()

  return { ...stage, pid: await pidOf(stage) }
}

describe('how a command of exec ends', () => {
  it.each([[0], [1], [3], [255]])('is told by its exit code %i', async (code) => {
    const { exit, errors } = await runStage(execBackend, ['sh', '-c', `exit ${code}`])

    expect(exit).toEqual({ code })
    expect(errors).toEqual([])
  })

  it.each([['SIGKILL', 137], ['SIGSEGV', 139], ['SIGHUP', 129]])('is told by the signal %s', async (signal, code) => {
    const { exit } = await runStage(execBackend, ['sh', '-c', `kill -${signal.slice(3)} $$`])

    expect(exit).toEqual({ code, signal })
  })

  it.each([
    ['no-such-command', 127, 'NotFound', 'no-such-command'],
    ['./no/such/file', 127, 'NotFound', './no/such/file'],
    ['/etc/passwd', 126, 'PermissionDenied', '/etc/passwd']
  ])('of %s, which cannot be run, is %i', async (command, code, errorCode, named) => {
    const { exit, errors } = await runStage(execBackend, [command])

    expect(exit).toEqual({ code })
    expect(errors).toEqual([expect.objectContaining({ code: errorCode, message: expect.stringContaining(named) })])
  })

  it('says so when its folder is missing', async () => {
    const { exit, errors } = await runStage(execBackend, ['--cwd', '/no/such/folder', 'ls'])

    expect(exit).toEqual({ code: 126 })
    expect(errors).toEqual([expect.objectContaining({ code: 'NotFound', message: expect.stringContaining('/no/such/folder') })])
  })

  it('says so when its arguments are too long, or no arguments', async () => {
    const long = await runStage(execBackend, ['true', 'x'.repeat(1 << 22)])
    const zero = await runStage(execBackend, ['true', 'a\0b'])

    expect([long.exit, zero.exit]).toEqual([{ code: 126 }, { code: 126 }])
    expect([...long.errors, ...zero.errors].map(({ code }) => code)).toEqual(['InvalidArgument', 'InvalidArgument'])
  })

  it('leaves no zombie', async () => {
    await runStage(execBackend, ['true'])

    expect(zombies()).toEqual([])
  })

  it('ends what it has left behind in its group', async () => {
    const { files } = await runStage(execBackend, ['--shell', 'sleep 1000 >/dev/null 2>&1 & echo $$'])
    const group = Number(textOf(files.stdout))

    await until(() => membersOf(group).length === 0, 'the group to be empty')
  })
})

describe('stopping a command of exec', () => {
  it('ends it and its children with SIGTERM', async () => {
    await using stage = await startReady(['--shell', 'sleep 1000 & sleep 1000 & echo ready; wait'])

    expect(membersOf(stage.pid)).toHaveLength(3)
    await stage.object.stop()

    expect((await hear(stage.output)).exit).toEqual({ code: 143, signal: 'SIGTERM' })
    expect(membersOf(stage.pid)).toEqual([])
    expect(zombies()).toEqual([])
  })

  it('ends with SIGKILL what does not end within the grace', async () => {
    const clock = new FakeClock()

    await using stage = await startReady(['--shell', "trap '' TERM; echo ready; while :; do sleep 0.01; done"], clock)
    const stopped = stage.object.stop()

    await until(() => clock.pending > 0, 'the grace to begin')
    await clock.advance(STOP_GRACE_MS - 1)
    expect(membersOf(stage.pid)).toContain(stage.pid)
    await clock.advance(1)
    await stopped

    expect((await hear(stage.output)).exit).toEqual({ code: 137, signal: 'SIGKILL' })
    expect(membersOf(stage.pid)).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('lets it end by itself, with all it has to say', async () => {
    await using stage = await spawnStage(execBackend, ['--shell', "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done"])

    await stage.object.start()
    const stdout = await nextFile(stage.output)

    expect(textOf(await stdout.read() ?? undefined)).toBe('ready\n')
    await stage.object.stop()

    expect(await stdout.text()).toBe('bye\n')
    expect((await hear(stage.output)).exit).toEqual({ code: 0 })
  })

  it('waits a moment only for a process that has left the group and holds the output open', async () => {
    const clock = new FakeClock()

    await using stage = await spawnStage(execBackend, ['--shell', "setsid sh -c 'echo $$; exec sleep 1000' & wait"], { clock })

    await stage.object.start()
    const escaped = Number(textOf(await (await nextFile(stage.output)).read() ?? undefined))
    const group = await pidOf(stage)
    const stopped = stage.object.stop()

    await until(() => membersOf(group).length === 0 && clock.next === clock.now() + DRAIN_MS, 'the command to have ended')
    await clock.advance(DRAIN_MS)
    await stopped

    expect(membersOf(escaped)).toEqual([escaped])
    process.kill(escaped)
    expect((await hear(stage.output)).exit).toEqual({ code: 143, signal: 'SIGTERM' })
  })

  it('happens when the last reference has gone', async () => {
    const stage = await startReady(['--shell', 'echo ready; sleep 1000'])

    stage.output.cancel()
    await stage.object.close()

    await until(() => membersOf(stage.pid).length === 0, 'the group to be empty')
  })

  it('happens when this process exits', async () => {
    const script = [
      `import { execBackend } from ${JSON.stringify(new URL('../../../src/backends/exec/exec.ts', import.meta.url))}`,
      `import { nextFile, spawnStage } from ${JSON.stringify(new URL('../stage.ts', import.meta.url))}`,
      "const stage = await spawnStage(execBackend, ['--shell', 'sleep 1000 & echo $$; wait'])",
      'await stage.object.start()',
      'const bytes = await (await nextFile(stage.output)).read()',
      'process.stdout.write(bytes, () => { process.exit() })'
    ].join('\n')
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', '--input-type=module-typescript', '-e', script])

    expect(Number(stdout)).toBeGreaterThan(1)
    await until(() => membersOf(Number(stdout)).length === 0, 'the group to be empty')
  })
})

describe('a command of exec', () => {
  it('tells its process ID', async () => {
    await using stage = await spawnStage(execBackend, ['cat'])

    expect(await stage.object.get('status')).toEqual({ state: 'created' })
    await stage.object.start()
    await nextFile(stage.output)

    expect(await stage.object.get('status')).toEqual({ state: 'running', pid: expect.any(Number) })
  })

  it('takes signals, by the object and by its input', async () => {
    await using stage = await spawnStage(execBackend, ['--shell', "trap 'echo hup' HUP; trap 'echo usr; exit 5' USR1; echo ready; while :; do sleep 0.01; done"])

    await stage.object.start()
    const stdout = await nextFile(stage.output)

    await stdout.read()
    await stage.object.set(['signal', 'SIGHUP'])
    expect(textOf(await stdout.read() ?? undefined)).toBe('hup\n')
    await stage.input.set(['signal', 'USR1'])

    expect(await stdout.text()).toBe('usr\n')
    expect((await hear(stage.output)).exit).toEqual({ code: 5 })
  })

  it('refuses signals that there are not, and that come too early or too late', async () => {
    await using stage = await spawnStage(execBackend, ['true'])

    await expect(stage.object.set(['signal', 'SIGNOPE'])).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(stage.object.set(['signal', 'SIGHUP'])).rejects.toMatchObject({ code: 'FailedPrecondition' })
    await expect(stage.object.set(['volume', '11'])).rejects.toMatchObject({ code: 'NotImplemented' })
    await stage.object.start()
    await hear(stage.output)

    await expect(stage.object.set(['signal', 'SIGHUP'])).rejects.toMatchObject({ code: 'FailedPrecondition' })
  })

  it('has the variables of the host, those that were added, and its folder', async () => {
    const host = { env: { PATH: process.env.PATH, COLOUR: 'red', SIZE: 'small' } }
    const { files } = await runStage(execBackend, ['--env', 'SIZE=a=b', '--env=EMPTY=', '--cwd', '/', '--shell', 'echo "$COLOUR,$SIZE,$EMPTY,$1"; pwd', 'x'], { host })

    expect(textOf(files.stdout)).toBe('red,a=b,,x\n/\n')
  })

  it('has no other variables when the environment is cleared', async () => {
    const { files } = await runStage(execBackend, ['--clear-env', '--env', 'A=1', '/usr/bin/env'])

    expect(textOf(files.stdout)).toBe('A=1\n')
  })

  it('takes what follows -- as it is', async () => {
    const { files } = await runStage(execBackend, ['--', 'echo', '--cwd', '-n'])

    expect(textOf(files.stdout)).toBe('--cwd -n\n')
  })

  it.each([
    [[], 'InvalidArgument', 'a command to run'],
    [[''], 'InvalidArgument', 'an empty one'],
    [['--shell'], 'InvalidArgument', 'a line for the shell'],
    [['--env'], 'InvalidArgument', 'NAME=VALUE'],
    [['--env', 'A', 'ls'], 'InvalidArgument', 'received A'],
    [['--cwd'], 'InvalidArgument', 'a folder'],
    [['--colour', 'ls'], 'InvalidArgument', '--colour'],
    [['--tty', 'sh'], 'NotImplemented', '--tty']
  ])('refuses %j', async (args, code, text) => {
    await expect(spawnStage(execBackend, args)).rejects.toMatchObject({ code, message: expect.stringContaining(text) })
  })
})
