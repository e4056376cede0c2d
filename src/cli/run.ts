import { nearest, VERSION } from '../base/index.ts'
import { firstOperand, parseArguments } from './arguments.ts'
import { asksForHelp, backendNames, isStage, listBackends, stageHelp } from './backend-list.ts'
import { EXIT } from './exit-codes.ts'
import { tellFailure } from './failure.ts'
import { GLOBAL_OPTIONS } from './global-options.ts'
import { commandHelp, programHelp, usageOf } from './help-text.ts'
import { Output } from './output.ts'
import { UsageError } from './usage-error.ts'
import type { Command, CommandContext, Context } from './command.ts'
import type { ExitCode } from './exit-codes.ts'

/** The command of a line that begins with a stage. */
const IMPLIED = 'run'

/** Runs one command line to its end. Never rejects: what goes wrong is told on stderr and by the code. */
export async function run (args: readonly string[], commands: readonly Command[], context: Context): Promise<ExitCode> {
  // before anything is parsed: also a command line that makes no sense is answered in the format it asks for
  const { stdout, stderr, env } = context
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args // what comes behind is not for us
  const output = new Output({ stdout, stderr, env, json: own.includes('--json'), verbose: own.includes('--verbose') || own.includes('-v') })

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
  const { command, isImplied } = await find(args[index] ?? '', commands)

  parseArguments(before, GLOBAL_OPTIONS, command.name)

  const { values, operands } = parseArguments([...before, ...args.slice(isImplied ? index : index + 1)], { ...GLOBAL_OPTIONS, ...command.options }, command.name)
  const help = helpFor({ command, isImplied }, operands, values.help)

  if (help != null) {
    await context.output.plain(await help)
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

  if (commands.some(({ name }) => name === IMPLIED)) {
    return listBackends(output)
  }

  throw new UsageError(`a command is missing: ${commands.map(({ name }) => name).join(', ')}`)
}

async function tellVersion (output: Output): Promise<ExitCode> {
  await output.result('version', { version: VERSION }, `swarmd ${VERSION}`)

  return EXIT.ok
}

interface Found {
  readonly command: Command
  /** The word is no command, but the first stage of a pipeline. */
  readonly isImplied: boolean
}

async function find (word: string, commands: readonly Command[]): Promise<Found> {
  const found = commands.find(({ name }) => name === word)

  if (found != null) {
    return { command: found, isImplied: false }
  }

  const run = commands.find(({ name }) => name === IMPLIED)

  if (run != null && await isStage(word)) {
    return { command: run, isImplied: true }
  }

  const names = commands.map(({ name }) => name)
  const meant = nearest(word, run == null ? names : [...names, ...await backendNames()])

  throw new UsageError(`there is no command '${word}'; ${meant == null ? `there are ${names.join(', ')}` : `did you mean '${meant}'?`}`)
}

/** The help that a command line asks for, if it does. `swarmd exec --help` is for the backend. */
function helpFor ({ command, isImplied }: Found, operands: readonly string[], isAsked: boolean): Promise<string> | undefined {
  const [stage = ''] = operands

  if (command.name === IMPLIED && (isAsked ? isImplied && operands.length === 1 : asksForHelp(stage))) {
    return stageHelp(stage)
  }

  return isAsked ? Promise.resolve(commandHelp(command)) : undefined
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
