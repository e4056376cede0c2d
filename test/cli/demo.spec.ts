import { readdir } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { NodeProcess } from '../../src/cli/demo/node-process.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { events, Folder, runCli, Running } from './support/run-cli.ts'

/** Runs this in the processes of bob, before his program. */
function sabotage (script: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`if (process.argv[2] === 'bob') { ${script} }`)}` }
}

function isRunning (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('swarmd demo', () => {
  it('tells a story that people understand, and leaves nothing behind', async () => {
    await using folder = await Folder.create()

    const { code, stdout, stderr } = await runCli(['demo'], { env: { TMPDIR: folder.path } })

    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout.match(/^\d+\. .*$/gm)).toEqual([
      '1. Three nodes start',
      '2. They learn where the others are',
      '3. alice dials bob by his peer ID',
      '4. Echo, over a stream',
      '5. Request and response, over a negotiated stream',
      '6. A pipeline, across three peers',
      '7. bob is killed, and alice dials him',
      '8. alice dials again at once',
      '9. bob comes back, and alice reconnects',
      '10. All three close'
    ])
    expect(stdout).toContain("alice           swarmd run 'exec seq 1 100000 @bob' 'exec grep 7 @carol' 'exec wc -l'\n   alice           prints 40951\n                   exit status 0, of the stages 0, 0, 0\n")
    expect(stdout).toMatch(/carol > bob {5}tries the same, and is refused:\n.*there is no service "exec" here/)
    expect(stdout).toContain('alice < bob     /echo/1.0.0  "hello bob"')
    expect(stdout).toMatch(/\| failed to dial 12D3KooW\w+: all dials failed .*\n.*connect: connection refused/)
    expect(stdout).toMatch(/\| failed to dial 12D3KooW\w+: dial backoff .*\n.*in backoff, retry in \d+ s.*\n.*wait until \d{4}-/)
    expect(await readdir(folder.path)).toEqual([])
  })

  it('tells it to programs: three processes, a dial by peer ID, a pipeline, a loss, a backoff, a reconnect', async () => {
    const { code, stdout } = await runCli(['demo', '--json'])

    const story = events(stdout)
    const of = (event: string): Array<Record<string, unknown>> => story.filter((told) => told.event === event)
    const started = of('started')
    const [bob, bobAgain] = started.filter(({ who }) => who === 'bob')
    const [failed, backedOff] = of('dialFailed')

    expect(code).toBe(0)
    expect(new Set(started.map(({ pid }) => pid)).size).toBe(4)
    expect(bobAgain).toMatchObject({ peer: bob?.peer, address: bob?.address })
    expect(of('knows').map(({ peers }) => (peers as unknown[]).length)).toEqual([2, 2])
    expect(of('dials')[0]).toMatchObject({ who: 'alice', peer: bob?.peer })
    expect(of('takes')[0]).toMatchObject({ who: 'bob', protocol: '/demo/time/1.0.0' })
    expect(of('response')[0]).toMatchObject({ response: { name: 'bob' } })
    expect(of('runs')[0]).toMatchObject({ lines: [`exec seq 1 100000 @${String(bob?.peer)}`, expect.stringContaining('exec grep 7 @'), 'exec wc -l'] })
    expect(of('ended')[0]).toMatchObject({ who: 'alice', output: '40951', code: 0, stages: [0, 0, 0] })
    expect(of('refused')[0]).toMatchObject({ who: 'carol > bob', code: 'PermissionDenied' })
    expect(of('disconnected')[0]).toMatchObject({ who: 'alice', peer: bob?.peer })
    expect(failed).toMatchObject({ code: 'AllDialsFailed' })
    expect(backedOff).toMatchObject({ code: 'DialBackoff', retryAt: expect.any(Number) })
    expect(of('connected')).toHaveLength(2)
    expect(of('echoed').map(({ text }) => text)).toEqual(['hello bob', 'welcome back'])
    expect(of('closed').map(({ who, exitCode }) => [who, exitCode])).toEqual([['alice', 0], ['bob', 0], ['carol', 0]])
    expect(story.at(-1)).toMatchObject({ event: 'done' })
  })

  it('says in which step it failed, and what the node said on stderr', async () => {
    await using folder = await Folder.create()

    const { code, stdout, stderr } = await runCli(['demo'], { env: { TMPDIR: folder.path, ...sabotage("process.stderr.write('no more disk'); process.exit(7)") } })

    expect(code).toBe(1)
    expect(stdout).toContain('1. Three nodes start')
    expect(stderr).toMatch(/^swarmd: the demo failed in step 1, "Three nodes start": bob ended \(exit code 7\)/)
    expect(stderr).toContain('what bob said on stderr:\n  no more disk\n')
    expect(await readdir(folder.path)).toEqual([])
  })

  it('gives up when its time is over', async () => {
    const { code, stderr } = await runCli(['demo', '--timeout', '10'])

    expect(code).toBe(1)
    expect(stderr).toContain('it took longer than 10 ms')
  })

  it('ends at Ctrl-C, and its nodes with it', async () => {
    await using folder = await Folder.create()
    await using demo = new Running(['demo', '--json'], { env: { TMPDIR: folder.path } })

    const pids = [await demo.event('started'), await demo.event('started'), await demo.event('started')].map(({ pid }) => Number(pid))

    demo.child.kill('SIGINT')

    expect(await demo.exited).toMatchObject({ code: 130, signal: null, stderr: '' })
    expect(pids.filter(isRunning)).toEqual([])
    expect(await readdir(folder.path)).toEqual([])
  })
})

describe('NodeProcess', () => {
  it('waits for a node that says nothing only so long', async () => {
    await using folder = await Folder.create()
    const clock = new FakeClock()
    const { signal } = new AbortController()
    const execArgv = ['--import', 'data:text/javascript,process.stdin.resume();await new Promise(() => {})']

    const node = new NodeProcess({ name: 'bob', keyFile: folder.file('key'), address: '/ip4/127.0.0.1/tcp/0', execArgv, clock, signal })
    const failed = expect(node.ready()).rejects.toThrow("bob did not tell 'ready' within 10 s")

    await clock.advance(9_999)
    expect(clock.pending).toBe(1)
    await clock.advance(1)
    await failed

    node.kill()
    expect(await node.exited).toEqual({ code: null, signal: 'SIGKILL' })
  })
})
