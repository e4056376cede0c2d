import { systemClock } from '../../../src/base/index.ts'
import { COMMANDS } from '../../../src/cli/commands.ts'
import { Output } from '../../../src/cli/output.ts'
import { run } from '../../../src/cli/run.ts'
import type { Context } from '../../../src/cli/command.ts'
import type { ExitCode } from '../../../src/cli/exit-codes.ts'
import type { Sink } from '../../../src/cli/sink.ts'

/** A sink that keeps what is written, as text. */
export class MemorySink implements Sink {
  readonly isTerminal: boolean
  text = ''

  constructor (isTerminal = false) {
    this.isTerminal = isTerminal
  }

  get lines (): string[] {
    return this.text.split('\n').slice(0, -1)
  }

  async write (chunk: string | Uint8Array): Promise<void> {
    this.text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
  }
}

export interface MemoryContext extends Context {
  readonly stdout: MemorySink
  readonly stderr: MemorySink
}

/** A world without a process. */
export function memoryContext (init: Partial<Context> = {}): MemoryContext {
  return {
    stdin: emptyInput(),
    env: {},
    homeDirectory: () => '/home/alice',
    execArgv: [],
    clock: systemClock,
    signal: new AbortController().signal,
    ...init,
    stdout: new MemorySink(),
    stderr: new MemorySink()
  }
}

export function memoryOutput (init: { json?: boolean, verbose?: boolean, isTerminal?: boolean, env?: Record<string, string> } = {}): { output: Output, stdout: MemorySink, stderr: MemorySink } {
  const { json = false, verbose = false, isTerminal = false, env = {} } = init
  const stdout = new MemorySink(isTerminal)
  const stderr = new MemorySink(isTerminal)

  return { output: new Output({ stdout, stderr, env, json, verbose }), stdout, stderr }
}

async function * emptyInput (): AsyncGenerator<Uint8Array> {}

/** Runs one of our command lines in this process. */
export async function tryCommand (args: readonly string[]): Promise<{ code: ExitCode, stdout: string, stderr: string }> {
  const context = memoryContext()
  const code = await run(args, COMMANDS, context)

  return { code, stdout: context.stdout.text, stderr: context.stderr.text }
}
