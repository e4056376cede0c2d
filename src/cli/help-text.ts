import { EXIT_MEANINGS } from './exit-codes.ts'
import { GLOBAL_OPTIONS } from './global-options.ts'
import type { OptionSpec, OptionSpecs } from './arguments.ts'
import type { Command } from './command.ts'

/** The same in every terminal, so that the documentation can quote it. */
const WIDTH = 80

type Row = readonly [left: string, right: string]

/** What `swarmd --help` prints. */
export function programHelp (commands: readonly Command[]): string {
  return paragraphs([
    wrap('swarmd runs services and pipelines of them, here and at peers that it dials by their ID over encrypted and multiplexed connections.', WIDTH).join('\n'),
    'Usage: swarmd <command> [options]\n       swarmd [options] <stage...>',
    section('Commands', commands.map(({ name, summary }) => [name, summary])),
    section('Options of all commands', optionRows(GLOBAL_OPTIONS)),
    section('Exit codes', EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning])),
    "'swarmd help <command>' says more about a command, and 'swarmd' alone lists what\nstages there are."
  ])
}

/** What `swarmd <command> --help` prints. */
export function commandHelp (command: Command): string {
  const own = optionRows(command.options)

  return paragraphs([
    `Usage: ${usageOf(command)}`,
    ...command.description.map((paragraph) => wrap(paragraph, WIDTH).join('\n')),
    own.length === 0 ? '' : section('Options', own),
    section('Options of all commands', optionRows(GLOBAL_OPTIONS)),
    command.examples.length === 0 ? '' : ['Examples:', ...command.examples.map((example) => `  ${example}`)].join('\n')
  ])
}

export function usageOf ({ name, usage }: Pick<Command, 'name' | 'usage'>): string {
  return ['swarmd', name, '[options]', usage].filter((word) => word !== '').join(' ')
}

function optionRows (options: OptionSpecs): Row[] {
  return Object.entries(options).map(([name, spec]) => [optionName(name, spec), spec.help])
}

function optionName (name: string, spec: OptionSpec): string {
  const short = spec.short == null ? '    ' : `-${spec.short}, `

  return `${short}--${name}${spec.kind === 'flag' ? '' : ` ${spec.value}`}`
}

function section (title: string, rows: readonly Row[]): string {
  const column = Math.max(...rows.map(([left]) => left.length)) + 4
  const lines = [`${title}:`]

  for (const [left, right] of rows) {
    const [first = '', ...rest] = wrap(right, WIDTH - column)

    lines.push(`  ${left}`.padEnd(column) + first, ...rest.map((line) => ' '.repeat(column) + line))
  }

  return lines.join('\n')
}

export function wrap (text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''

  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }

  return [...lines, line]
}

function paragraphs (parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n')
}
