import { describe, expect, it } from 'vitest'
import { CodedError } from '../../src/base/index.ts'
import { defineCommand, Stopped } from '../../src/cli/command.ts'
import { help } from '../../src/cli/commands/help.ts'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { run } from '../../src/cli/run.ts'
import { duration } from '../../src/cli/value-types.ts'
import { memoryContext } from './support/memory-context.ts'
import type { One } from '../../src/cli/arguments.ts'
import type { Command, CommandContext } from '../../src/cli/command.ts'
import type { ExitCode } from '../../src/cli/exit-codes.ts'

const OPTIONS = {
  speed: { kind: 'one', short: 's', value: '<time>', type: duration('s'), help: 'how fast' } as One<number>
} as const

/** A command that shows what it was given, and ends as told. */
function fetchCommand (usage: string, end: (context: CommandContext<typeof OPTIONS>) => ExitCode = () => EXIT.ok): Command {
  return defineCommand({
    name: 'fetch',
    summary: 'Fetch a stick',
    usage,
    description: ['Runs and comes back.'],
    examples: ['swarmd fetch stick'],
    options: OPTIONS,

    async run (context) {
      const { operands, options, output } = context

      await output.result('fetched', { operands, speed: options.speed, key: options.key }, `fetched ${operands.join(' ')}`)

      return end(context)
    }
  })
}

async function tryRun (args: string[], command = fetchCommand('<what> [where...]')): Promise<{ code: number, stdout: string, stderr: string }> {
  const context = memoryContext()
  const code = await run(args, [command, help], context)

  return { code, stdout: context.stdout.text, stderr: context.stderr.text }
}

function failing (error: Error): Command {
  return fetchCommand('', () => { throw error })
}

describe('run', () => {
  it('hands a command its operands and options, wherever they stand', async () => {
    const { code, stdout } = await tryRun(['--json', '--key', 'a', 'fetch', 'stick', '-s', '2', 'garden', 'house'])

    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ event: 'fetched', operands: ['stick', 'garden', 'house'], speed: 2000, key: 'a' })
  })

  it('ends with the code that the command gives', async () => {
    expect((await tryRun(['fetch'], fetchCommand('', () => EXIT.failure))).code).toBe(1)
  })

  it.each([
    ['no command', [], "a command is missing: fetch, help\nTry 'swarmd --help'."],
    ['an unknown command', ['ftech'], "there is no command 'ftech'; did you mean 'fetch'?\nTry 'swarmd --help'."],
    ['one like no other', ['sit'], "there is no command 'sit'; there are fetch, help\nTry 'swarmd --help'."],
    ['an unknown option', ['fetch', 'x', '--sped', '3'], "there is no option --sped; did you mean --speed?\nTry 'swarmd fetch --help'."],
    ['an option of the command before it', ['--speed=3', 'fetch', 'x'], "there is no option --speed\nTry 'swarmd fetch --help'."],
    ['a missing operand', ['fetch'], "fetch wants <what>, and nothing came: swarmd fetch [options] <what> [where...]\nTry 'swarmd fetch --help'."],
    ['help for what there is not', ['help', 'fecth'], "there is no command 'fecth'; did you mean 'fetch'?\nTry 'swarmd --help'."]
  ])('answers %s with code 2 and a sentence on stderr', async (_, args, message) => {
    const { code, stdout, stderr } = await tryRun(args)

    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toBe(`swarmd: ${message}\n`)
  })

  it('refuses an operand too many', async () => {
    const { code, stderr } = await tryRun(['fetch', 'a', 'b'], fetchCommand('<what>'))

    expect(code).toBe(2)
    expect(stderr).toContain("fetch wants nothing after <what>, received 'b'")
  })

  it('explains a command without running it, also when operands are missing', async () => {
    const { code, stdout } = await tryRun(['fetch', '--help'])

    expect(code).toBe(0)
    expect(stdout).toContain('Usage: swarmd fetch [options] <what> [where...]\n\nRuns and comes back.')
    expect(stdout).toContain('  -s, --speed <time>  how fast')
  })

  it('explains a command in the same words when asked with help', async () => {
    expect((await tryRun(['help', 'fetch'])).stdout).toBe((await tryRun(['fetch', '-h'])).stdout)
    expect((await tryRun(['help'])).stdout).toBe((await tryRun(['--help'])).stdout)
  })

  it('prints the version', async () => {
    expect((await tryRun(['--version'])).stdout).toMatch(/^swarmd \d+\.\d+\.\d+/)
    expect(JSON.parse((await tryRun(['fetch', '--version', '--json'])).stdout)).toMatchObject({ event: 'version' })
  })
})

describe('the end of a command that fails', () => {
  it.each([
    ['an error that nobody expected', new TypeError('oh'), 1],
    ['a refused protocol', new CodedError('UnsupportedProtocol', 'no'), 4],
    ['a negotiation that took too long', new CodedError('NegotiationTimeout', 'no'), 5],
    ['a key file that others may read', new CodedError('UnsafeKeyFile', 'no'), 6],
    ['an address in use', new CodedError('ListenFailed', 'no'), 7],
    ['an address that is none', new CodedError('InvalidAddress', 'no'), 2]
  ])('has a code of its own for %s', async (_, error, code) => {
    const result = await tryRun(['fetch'], failing(error))

    expect(result.code).toBe(code)
    expect(result.stderr).toBe(`swarmd: ${error.message}\n`)
  })

  it('says nothing when it was stopped', async () => {
    const { code, stderr } = await tryRun(['fetch'], failing(new Stopped('SIGINT', EXIT.interrupted)))

    expect(code).toBe(130)
    expect(stderr).toBe('')
  })

  it('tells programs all that the error knows, on stderr', async () => {
    const { code, stderr } = await tryRun(['fetch', '--json'], failing(new CodedError('ListenFailed', 'in use')))

    expect(code).toBe(7)
    expect(JSON.parse(stderr)).toEqual({ event: 'error', name: 'ListenFailedError', code: 'ListenFailed', message: 'in use', exitCode: 7 })
  })

  it('answers a command line that makes no sense in JSON if that was asked for', async () => {
    const { stderr } = await tryRun(['--json', 'sit'])

    expect(JSON.parse(stderr)).toMatchObject({ event: 'error', name: 'UsageError', exitCode: 2 })
  })

  it('shows causes if asked to say more', async () => {
    const error = new Error('outer', { cause: new Error('inner') })

    expect((await tryRun(['fetch'], failing(error))).stderr).not.toContain('inner')
    expect((await tryRun(['fetch', '-v'], failing(error))).stderr).toMatch(/outer[^]*caused by Error: inner/)
  })
})
