import { EXIT } from './exit-codes.ts'
import type { OptionSpecs, Values } from './arguments.ts'
import type { ExitCode } from './exit-codes.ts'
import type { GlobalOptions } from './global-options.ts'
import type { Output } from './output.ts'
import type { Sink } from './sink.ts'
import type { Clock } from '../base/index.ts'

/** The world as a command sees it. Only `host.ts` knows `process`. */
export interface Context {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: Sink
  readonly stderr: Sink
  readonly env: Readonly<Record<string, string | undefined>>
  homeDirectory(): string
  /** Flags of the running Node, for child processes. */
  readonly execArgv: readonly string[]
  readonly clock: Clock
  /** Aborts with a `Stopped` when the program is to end. */
  readonly signal: AbortSignal
}

export interface CommandContext<O extends OptionSpecs = OptionSpecs> extends Context {
  readonly command: string
  readonly options: Values<O & GlobalOptions>
  readonly operands: readonly string[]
  readonly output: Output
  /** All commands, for the one that explains them. */
  readonly commands: readonly Command[]
}

/** One command of the program: what it is called, what it takes, what it says about itself and does. */
export interface Command<O extends OptionSpecs = OptionSpecs> {
  readonly name: string
  /** For the list of commands: one line, beginning with a verb. */
  readonly summary: string
  /** The operands: `<one>` or `<more...>`, in brackets `[ ]` instead if they may be left out. */
  readonly usage: string
  /** Paragraphs. */
  readonly description: readonly string[]
  readonly examples: readonly string[]
  readonly options: O
  run(context: CommandContext<O>): Promise<ExitCode>
}

/** Lets the compiler find the types of the options. */
export function defineCommand<O extends OptionSpecs> (command: Command<O>): Command<O> {
  return command
}

/** Why the program is to end before its work is done. */
export class Stopped extends Error {
  readonly exitCode: ExitCode

  constructor (why: string, exitCode: ExitCode) {
    super(`stopped by ${why}`)
    this.name = 'Stopped'
    this.exitCode = exitCode
  }
}

/** Nobody reads any more what the program prints, as when `head` has seen enough. */
export class ReaderGone extends Stopped {
  constructor () {
    super('the reader of its output', EXIT.ok)
    this.name = 'ReaderGone'
  }
}
