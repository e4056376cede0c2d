import { ServiceError } from '../../service/index.ts'

/** A command, as the arguments of `exec` name it. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Added to the variables of this process, or, with `isEnvCleared`, alone. */
  readonly env: Readonly<Record<string, string>>
  readonly isEnvCleared: boolean
  /** The folder it runs in; that of this process unless given. */
  readonly cwd: string | undefined
  /** For errors and logs: `exec seq`. */
  readonly name: string
}

export const EXEC_USAGE = '[--env NAME=VALUE]... [--clear-env] [--cwd DIR] (COMMAND [ARG...] | --shell LINE [ARG...])'

const SHELL = '/bin/sh'

interface Options {
  env: Record<string, string>
  isEnvCleared: boolean
  isShell: boolean
  cwd: string | undefined
}

/** Options end at the first word that is none, or behind `--`. @throws ServiceError InvalidArgument, NotImplemented */
export function parseExecArgs (args: readonly string[]): Command {
  const options: Options = { env: {}, isEnvCleared: false, isShell: false, cwd: undefined }
  const operands = [...args]

  while (operands[0]?.startsWith('-') === true && operands[0] !== '-') {
    const option = operands.shift() ?? ''

    if (option === '--') {
      break
    }

    takeOption(option, operands, options)
  }

  return toCommand(operands, options)
}

function takeOption (option: string, rest: string[], options: Options): void {
  const [, name = '', value] = /^([^=]*)(?:=([\s\S]*))?$/.exec(option) ?? []
  const take = (what: string): string => value ?? rest.shift() ?? invalid(`${name} to be followed by ${what}`, 'nothing')

  switch (name) {
    case '--env': {
      Object.assign(options.env, toVariable(take('NAME=VALUE')))
      break
    }
    case '--cwd': {
      options.cwd = take('a folder')
      break
    }
    case '--clear-env': {
      options.isEnvCleared = true
      break
    }
    case '--shell': {
      options.isShell = true
      rest.unshift(...value == null ? [] : [value])
      break
    }
    case '--tty': {
      throw new ServiceError('NotImplemented', 'exec gives no terminal (--tty): what runs has pipes for its input and output. Wrap it in a program that opens one: exec script -qfec "COMMAND" /dev/null')
    }
    default: {
      invalid('an option of --env, --clear-env, --cwd and --shell, or -- before a command that begins with a dash', option)
    }
  }
}

function toVariable (text: string): Record<string, string> {
  const [, name, value = ''] = /^([^=]+)=([\s\S]*)$/.exec(text) ?? []

  return name == null ? invalid('--env to be followed by NAME=VALUE', text) : { [name]: value }
}

function toCommand ([file, ...args]: readonly string[], { env, isEnvCleared, isShell, cwd }: Options): Command {
  if (file == null || file === '') {
    return invalid(isShell ? '--shell to be followed by a line for the shell' : 'a command to run', file == null ? 'none' : 'an empty one')
  }

  return isShell
    ? { file: SHELL, args: ['-c', file, 'sh', ...args], env, isEnvCleared, cwd, name: `exec --shell ${file}` }
    : { file, args, env, isEnvCleared, cwd, name: `exec ${file}` }
}

function invalid (wanted: string, received: string): never {
  throw new ServiceError('InvalidArgument', `exec wanted ${wanted}, received ${received}; usage: exec ${EXEC_USAGE}`)
}
