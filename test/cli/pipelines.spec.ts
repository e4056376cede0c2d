import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { BACKENDS, helpOf } from '../../src/backends/index.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { tryCommand } from './support/memory-context.ts'
import { events, runCli, Running } from './support/run-cli.ts'

/** Processes whose command line has this word. */
function processesWith (word: string): string[] {
  return execFileSync('ps', ['-eo', 'args']).toString().split('\n').filter((line) => line.includes(word) && !line.includes('main.ts'))
}

describe('swarmd', () => {
  it('lists the backends, and says how to go on', async () => {
    const { code, stdout } = await tryCommand([])

    expect(code).toBe(0)
    expect([...stdout.matchAll(/^ {2}([a-z0-9]+)/gm)].map(([, name]) => name)).toEqual(BACKENDS.map(({ name }) => name))
    expect(stdout.trimEnd().split('\n').slice(-2).join(' ')).toMatch(/swarmd help exec.*swarmd --help/)
  })

  it('lists them to programs', async () => {
    const { stdout } = await tryCommand(['--json'])

    expect(events(stdout)[0]).toMatchObject({ event: 'backends', backends: expect.arrayContaining([expect.objectContaining({ name: 'exec', usage: expect.any(String) })]) })
  })

  it('has no backend that is called as a command', () => {
    const names = new Set(COMMANDS.map(({ name }) => name))

    expect(BACKENDS.filter(({ name }) => names.has(name))).toEqual([])
  })

  it.each([['help exec'], ['exec --help']])('explains a backend: swarmd %s', async (line) => {
    const exec = BACKENDS.find(({ name }) => name === 'exec')
    const help = exec == null ? '' : helpOf(exec)

    expect((await tryCommand(line.split(' '))).stdout).toBe(help)
    expect((await tryCommand(['exec --help'])).stdout).toBe(help)
    expect((await tryCommand(['run', 'exec --help'])).stdout).toBe(help)
  })

  it.each([
    ['a word that is near a command', ['rnu'], "there is no command 'rnu'; did you mean 'run'?"],
    ['one near a backend', ['simulatr'], "there is no command 'simulatr'; did you mean 'simulator'?"],
    ['a stage of no backend', ['exce ls'], "there is no backend 'exce'; did you mean 'exec'?"],
    ['a stage that the shell has split', ['exec', 'ls'], "there is no backend 'ls'; a stage is one word of the shell, as in: swarmd 'exec ls'"],
    ['a stage at nobody', ['exec ls @nobody'], "'nobody' is neither a peer ID nor a name of a peer; name it with --peer nobody=<address>"],
    ['help for no backend', ['exce --help'], "there is no backend 'exce'; there are"],
    ['a quote that is open', ["exec 'a"], 'wanted quotes to be closed'],
    ['a stage without a command', ['exec'], 'exec wanted a command to run, received none'],
    ['a name without an address', ['exec ls', '--peer', 'bob'], "--peer wants NAME=ADDRESS, as bob=/ip4/192.0.2.7/tcp/4001/p2p/12D3KooW..., received 'bob'"],
    ['a way to show stderr that is none', ['exec ls', '--stderr', 'loud'], "--stderr wants prefix or raw or none, received 'loud'"]
  ])('answers %s with code 2 and a sentence', async (_, args, message) => {
    const { code, stdout, stderr } = await tryCommand(args)

    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

describe('swarmd run', () => {
  it('pipes stages into each other, and prints what the last one says', async () => {
    const { code, stdout, stderr } = await runCli(['exec seq 1 2000', 'exec grep 7', 'exec wc -l'])

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '542\n', stderr: '' })
  })

  it('keeps bytes as they are', async () => {
    const { bytes } = await runCli(['run', "exec --shell 'head -c 3000000 /dev/zero; printf \"\\\\377\\\\000\"'", 'exec cat'])

    expect(bytes.byteLength).toBe(3_000_002)
    expect([...bytes.subarray(-3)]).toEqual([0, 0xff, 0])
  })

  it('exits as the last stage that failed, and names all that did', async () => {
    const { code, stdout, stderr } = await runCli(['exec --shell "cat >&2; exit 4"', 'exec --shell "cat; exit 5"', 'exec cat'])

    expect({ code, stdout }).toEqual({ code: 5, stdout: '' })
    expect(stderr).toContain("swarmd: stage 1 (exec --shell 'cat >&2; exit 4') exited with code 4\n")
    expect(stderr).toContain("swarmd: stage 2 (exec --shell 'cat; exit 5') exited with code 5\n")
  })

  it('names the signal that ended a stage, and has its code', async () => {
    const { code, stderr } = await runCli(['exec --shell "kill -9 \\$\\$"', 'exec cat'])

    expect(code).toBe(137)
    expect(stderr).toContain('was ended by SIGKILL')
  })

  it('exits with 127 where there is no such command, and says so', async () => {
    const { code, stderr } = await runCli(['exec no-such-command-here'])

    expect(code).toBe(127)
    expect(stderr).toContain('no-such-command-here')
  })

  it.each([
    ['with their number and name', [], ['1 exec --shell: oops', '2 exec --shell: ouch']],
    ['as it is', ['--stderr', 'raw'], ['oops', 'ouch']],
    ['not at all', ['--stderr', 'none'], []]
  ])('shows what stages say on stderr: %s', async (_, options, lines) => {
    const { stderr } = await runCli(['run', '-q', ...options, "exec --shell 'echo oops >&2'", "exec --shell 'cat; echo ouch >&2; exit 1'"])

    expect(stderr.split('\n').filter((line) => line !== '').sort()).toEqual(lines)
  })

  it('prints the stderr of a single stage as it is', async () => {
    const { stderr } = await runCli(['exec --shell "printf oops >&2"'])

    expect(stderr).toBe('oops')
  })

  it('prints lines of a log on stderr, as stdout is for bytes', async () => {
    const { stdout, stderr } = await runCli(['exec seq 2', 'log'])

    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '2 log: 1\n2 log: 2\n' })
  })

  it('tells programs what stages say and how they ended', async () => {
    const { stderr } = await runCli(['--json', "exec --shell 'echo oops >&2; exit 3'", 'exec cat'])

    expect(events(stderr)).toEqual([
      { event: 'said', stage: 1, name: "exec --shell 'echo oops >&2; exit 3'", stream: 'stderr', text: 'oops' },
      { event: 'ended', code: 3, stages: [{ name: "exec --shell 'echo oops >&2; exit 3'", code: 3 }, { name: 'exec cat', code: 0 }] }
    ])
  })

  it('reads its own stdin where a stage asks for it', async () => {
    const { stdout } = await runCli(['stdio', 'exec sort', 'stdio'], { input: 'b\na\n' })

    expect(stdout).toBe('a\nb\n')
  })

  it('leaves stdin alone otherwise', async () => {
    await using running = new Running(['exec echo done'])

    expect(await running.exited).toMatchObject({ code: 0, stdout: 'done\n' })
  })

  it.each(['exec yes h8-nobody-reads', 'exec yes h8-nobody-reads | stdio'])('ends quietly with 141 when nobody reads on: %s', async (line) => {
    await using running = new Running(line.split(' | '))

    await running.line(/^h8-nobody-reads$/)
    running.child.stdout.destroy()

    expect(await running.exited).toMatchObject({ code: 141, signal: null, stderr: '' })
    expect(processesWith('yes h8-nobody-reads')).toEqual([])
  })

  it.each([['SIGINT', 130], ['SIGTERM', 143]] as const)('stops all stages at %s, and exits with %i', async (signal, code) => {
    const word = `h8-${signal}`

    await using running = new Running([`exec --shell 'echo ${word}; sleep 1000'`, 'exec cat'])

    await running.line(new RegExp(word))
    running.child.kill(signal)

    expect(await running.exited).toMatchObject({ code, signal: null, stderr: '' })
    expect(processesWith(word)).toEqual([])
  })

  it('ends at once at the second Ctrl-C, and kills what does not want to end', async () => {
    await using running = new Running(['exec --shell \'trap "" TERM; echo h8-stubborn; while :; do sleep 1000; done\''])

    await running.line(/h8-stubborn/)
    running.child.kill('SIGINT')
    running.child.kill('SIGINT')
    await once(running.child, 'exit')

    expect(running.child.exitCode).toBe(130)
    expect(processesWith('h8-stubborn')).toEqual([])
  })

  it('gives up when its time is over', async () => {
    const { code, stderr } = await runCli(['exec sleep 1000', '--timeout', '300'])

    expect(code).toBe(5)
    expect(stderr).toBe('swarmd: the pipeline took longer than 300 ms; allow more with --timeout\n')
  })

  it('says nothing about stages when it is to be quiet', async () => {
    expect(await runCli(['run', '-q', 'exec false'])).toMatchObject({ code: 1, stderr: '' })
  })

  it('says what a peer is that nobody named', async () => {
    const { code, stderr } = await runCli(['exec ls @nobody'], { env: { XDG_DATA_HOME: '/nonexistent' } })

    expect(code).not.toBe(0)
    expect(stderr).toMatch(/^swarmd: /)
  })
})
