import type { CommandWords, OptionWords, Words } from './words.ts'

/** A script for fish: `swarmd completion fish | source`. */
export function fishScript ({ commands, backends, options }: Words): string {
  return [
    "# fish completion of swarmd; made by 'swarmd completion fish'",
    'complete -c swarmd -f',
    ...[...commands, ...backends].map(({ name, summary }) => `complete -c swarmd -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`),
    ...options.map((option) => optionLine('__fish_use_subcommand', option)),
    ...commands.flatMap(commandLines),
    ''
  ].join('\n')
}

function commandLines ({ name, options, operands }: CommandWords): string[] {
  const condition = `'__fish_seen_subcommand_from ${name}'`

  return [
    ...options.map((option) => optionLine(condition, option)),
    ...(operands.length === 0 ? [] : [`complete -c swarmd -n ${condition} -a ${quote(operands.join(' '))}`])
  ]
}

function optionLine (condition: string, { names, help, takes, words }: OptionWords): string {
  const flags = names.map((name) => name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`).join(' ')

  return `complete -c swarmd -n ${condition} ${flags}${behind(takes, words)} -d ${quote(help)}`
}

function behind (takes: OptionWords['takes'], words: readonly string[]): string {
  switch (takes) {
    case 'nothing': return ''
    case 'file': return ' -r -F'
    case 'words': return ` -x -a ${quote(words.join(' '))}`
    default: return ' -x'
  }
}

function quote (text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
