import { VERSION } from '../base/index.ts'
import { firstOperand, parseArguments } from './arguments.ts'
import { EXIT } from './exit-codes.ts'
import { tellFailure } from './failure.ts'
import { GLOBAL_OPTIONS } from './global-options.ts'
import { commandHelp, programHelp, usageOf } from './help-text.ts'
import { Output } from './output.ts'
import { nearest } from './suggest.ts'
import { UsageError } from './usage-error.ts'
import type { Command, CommandContext, Context } from './command.ts'
import type { ExitCode } from './exit-codes.ts'

/** Runs one command line to its end. Never rejects: what goes wrong is told on stderr and by the code. */
export async function run (args: readonly string[], commands: readonly Command[], context: Context): Promise<ExitCode> {
  // before anything is parsed: also a command line that makes no sense is answered in the format it asks for
  const { stdout, stderr, env } = context
  const output = new Output({ stdout, stderr, env, json: args.includes('--json'), verbose: args.includes('--verbose') || args.includes('-v') })

  try {
    return await dispatch(args, commands, { ...context, output })
  } catch (error) {
    return tellFailure(error, output)
  }
}

async function dispatch (args: readonly string[], commands: readonly Command[], context: Context & { output: Output }): Promise<ExitCode> {
  const index = firstOperand(args, GLOBAL_OPTIONS)

  if (index == null) {
    return runWithoutCommand(args, commands, context.output)
  }

  // only options of all commands may stand before the command, and they are read along with its own
  const before = args.slice(0, index)
  const command = find(args[index] ?? '', commands)

  parseArguments(before, GLOBAL_OPTIONS, command.name)

  const { values, operands } = parseArguments([...before, ...args.slice(index + 1)], { ...GLOBAL_OPTIONS, ...command.options }, command.name)

  if (values.help) {
    await context.output.plain(commandHelp(command))
    return EXIT.ok
  }

  if (values.version) {
    return tellVersion(context.output)
  }

  checkOperands(command, operands)

  const commandContext: CommandContext = { ...context, command: command.name, options: values, operands, commands }

  return command.run(commandContext)
}

async function runWithoutCommand (args: readonly string[], commands: readonly Command[], output: Output): Promise<ExitCode> {
  const { values } = parseArguments(args, GLOBAL_OPTIONS)

  if (values.help) {
    await output.plain(programHelp(commands))
    return EXIT.ok
  }

  if (values.version) {
    return tellVersion(output)
  }

  throw new UsageError(`a command is missing: ${commands.map(({ name }) => name).join(', ')}`)
}

async function tellVersion (output: Output): Promise<ExitCode> {
  await output.result('version', { version: VERSION }, `swarmd ${VERSION}`)

  return EXIT.ok
}

function find (word: string, commands: readonly Command[]): Command {
  const found = commands.find(({ name }) => name === word)

  if (found != null) {
    return found
  }

  const names = commands.map(({ name }) => name)
  const meant = nearest(word, names)

  throw new UsageError(`there is no command '${word}'; ${meant == null ? `there are ${names.join(', ')}` : `did you mean '${meant}'?`}`)
}

/** Compares the operands with what the usage line of the command says. */
function checkOperands (command: Command, operands: readonly string[]): void {
  const wanted = command.usage.split(' ').filter((word) => word !== '')
  const required = wanted.filter((word) => word.startsWith('<'))
  const isOpen = wanted.some((word) => /\.\.\.[>\]]$/.test(word))

  const missing = required[operands.length]

  if (missing != null) {
    throw new UsageError(`${command.name} wants ${missing}, and nothing came: ${usageOf(command)}`, command.name)
  }

  if (!isOpen && operands.length > wanted.length) {
    throw new UsageError(`${command.name} wants nothing after ${wanted.at(-1) ?? 'its options'}, received '${operands[wanted.length] ?? ''}': ${usageOf(command)}`, command.name)
  }
}
