import { describe, expect, it } from 'vitest'
import { debugBackend } from '../../../src/backends/debug.ts'
import { execBackend } from '../../../src/backends/exec/exec.ts'
import { logBackend } from '../../../src/backends/log.ts'
import { Call, pipeline, reference, VERBS } from '../../../src/service/index.ts'
import { until } from '../../support/until.ts'
import { createTestHost, hear, nextFile, textOf } from '../stage.ts'
import { membersOf, zombies } from './processes.ts'
import type { Pipeline, PipelineReport, PipelineStatus, Stage } from '../../../src/service/index.ts'
import type { Said } from '../stage.ts'

const BACKENDS = { exec: execBackend, debug: debugBackend, log: logBackend }

async function spawnAll (lines: string[][]): Promise<Stage[]> {
  return Promise.all(lines.map(async ([name = '', ...args]) => {
    const call = new Call({ verb: VERBS.spawn, args })
    const service = await BACKENDS[name as keyof typeof BACKENDS].spawn(args, { host: createTestHost(), call })

    return { name: [name, ...args].join(' '), object: reference(service) }
  }))
}

async function run (...lines: string[][]): Promise<Said & { status: PipelineStatus, complaints: Record<string, string> }> {
  const complaints: Record<string, string> = {}
  const reading: Array<Promise<unknown>> = []
  const onReport = ({ stage, message: { att } }: PipelineReport): void => {
    reading.push(...att == null ? [] : [att.text().then((text) => { complaints[stage] = text })])
  }

  await using running: Pipeline = pipeline(await spawnAll(lines), { onReport })
  const heard = hear(running.listen())

  await running.start()
  const status = await running.ended

  await Promise.all(reading)

  return { ...await heard, status, complaints }
}

describe('a pipeline of commands', () => {
  it('carries two million lines through three stages, with their status', async () => {
    const { files, status } = await run(['exec', 'seq', '1', '2000000'], ['exec', 'cat'], ['exec', 'wc', '-lc'])

    expect(textOf(files.stdout).trim().split(/\s+/)).toEqual(['2000000', '14888896'])
    expect(status).toMatchObject({ code: 0, stages: [{ code: 0 }, { code: 0 }, { code: 0 }] })
  })

  it('carries a line of 64 MiB', async () => {
    const { files } = await run(['exec', '--shell', "head -c 67108864 /dev/zero | tr '\\0' a"], ['exec', 'wc', '-lc'])

    expect(textOf(files.stdout).trim().split(/\s+/)).toEqual(['0', '67108864'])
  })

  it('ends at once when its last stage has enough', async () => {
    const { files, status, complaints } = await run(['exec', 'yes'], ['exec', 'head', '-1'])

    expect(textOf(files.stdout)).toBe('y\n')
    expect(status).toMatchObject({ code: 141, stages: [{ code: 141, signal: 'SIGPIPE' }, { code: 0 }] })
    expect(complaints['exec yes']).toBe('')
    expect(zombies()).toEqual([])
  })

  it('names the stage that was killed', async () => {
    const { status } = await run(['exec', '--shell', 'echo a; kill -9 $$'], ['exec', 'cat'])

    expect(status).toMatchObject({ code: 137, stages: [{ name: 'exec --shell echo a; kill -9 $$', code: 137, signal: 'SIGKILL' }, { code: 0 }] })
  })

  it('has the status of a command that there is not', async () => {
    const { status, files } = await run(['exec', 'no-such-command'], ['exec', 'wc', '-c'])

    expect(status).toMatchObject({ code: 127, stages: [{ code: 127, error: expect.stringContaining('no-such-command') }, { code: 0 }] })
    expect(textOf(files.stdout).trim()).toBe('0')
  })

  it('keeps what each stage complains of', async () => {
    const { complaints } = await run(['exec', '--shell', 'echo one >&2'], ['exec', '--shell', 'cat; echo two >&2'])

    expect(complaints).toEqual({ 'exec --shell echo one >&2': 'one\n', 'exec --shell cat; echo two >&2': 'two\n' })
  })

  it('shows with debug what passes, and with log lines', async () => {
    const { logs, complaints, status } = await run(['exec', 'seq', '2'], ['debug'], ['exec', 'cat'], ['log', '--prefix', '> '])

    expect(logs).toEqual([['stdout', '> 1'], ['stdout', '> 2']])
    expect(complaints.debug).toBe('---> 1 file ["stdout"] + bytes\n---> 1 4 bytes\n')
    expect(status.code).toBe(0)
  })

  it('leaves no process when it is stopped', async () => {
    await using running = pipeline(await spawnAll([['exec', '--shell', 'echo $$; sleep 1000'], ['exec', 'cat']]))
    const output = running.listen()

    await running.start()
    const group = Number(textOf(await (await nextFile(output)).read() ?? undefined))

    expect(membersOf(group).length).toBeGreaterThan(0)
    output.cancel()
    await running.stop()

    await until(() => membersOf(group).length === 0, 'the group to be empty')
    expect(zombies()).toEqual([])
  })
})
