import { GLOBAL_OPTIONS } from '../global-options.ts'
import { file } from '../value-types.ts'
import type { OptionSpec } from '../arguments.ts'
import type { Command } from '../command.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const

export type Shell = typeof SHELLS[number]

/** What may stand behind an option. */
export interface OptionWords {
  /** With their dashes: `--config`, and `-c` if there is one. */
  readonly names: readonly string[]
  readonly help: string
  readonly takes: 'nothing' | 'file' | 'words' | 'text'
  readonly words: readonly string[]
}

/** What may stand behind a command. */
export interface CommandWords {
  readonly name: string
  readonly summary: string
  readonly options: readonly OptionWords[]
  readonly operands: readonly string[]
}

/** All that can be completed. */
export interface Words {
  readonly commands: readonly CommandWords[]
  readonly backends: ReadonlyArray<{ readonly name: string, readonly summary: string }>
  /** Of all commands; part of those of each command too. */
  readonly options: readonly OptionWords[]
}

export function wordsOf (commands: readonly Command[], backends: Words['backends']): Words {
  const options = toOptions(GLOBAL_OPTIONS)
  const names = backends.map(({ name }) => name)
  const operands: Readonly<Record<string, readonly string[]>> = {
    run: names,
    help: [...commands.map(({ name }) => name), ...names],
    completion: SHELLS
  }

  return {
    options,
    backends: backends.map(({ name, summary }) => ({ name, summary })),
    commands: commands.map((command) => ({
      name: command.name,
      summary: command.summary,
      options: [...toOptions(command.options), ...options],
      operands: operands[command.name] ?? []
    }))
  }
}

function toOptions (specs: Command['options']): OptionWords[] {
  return Object.entries(specs).map(([name, spec]) => ({
    names: [`--${name}`, ...(spec.short == null ? [] : [`-${spec.short}`])],
    help: spec.help,
    ...taken(spec)
  }))
}

function taken (spec: OptionSpec): Pick<OptionWords, 'takes' | 'words'> {
  if (spec.kind === 'flag') {
    return { takes: 'nothing', words: [] }
  }

  if (spec.type.words != null) {
    return { takes: 'words', words: spec.type.words }
  }

  return { takes: spec.type === file ? 'file' : 'text', words: [] }
}
