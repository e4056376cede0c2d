import type { CommandWords, OptionWords, Words } from './words.ts'

/** A script for bash: `source <(swarmd completion bash)`. */
export function bashScript ({ commands, backends, options }: Words): string {
  const names = commands.map(({ name }) => name)

  return `# bash completion of swarmd; made by 'swarmd completion bash'
_swarmd () {
  local cur prev command= i
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()

  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${valued(options).join('|')}) ((i++)) ;;
      -*) ;;
      ${names.join('|')}) command=\${COMP_WORDS[i]}; break ;;
      *) command=run; break ;;
    esac
  done

  case "$command $prev" in
${commands.flatMap(values).join('\n')}
${options.flatMap((option) => value('', option)).join('\n')}
  esac

  local words
  case "$command" in
${commands.map(commandCase).join('\n')}
    *) words='${[...names, ...backends.map(({ name }) => name), ...optionNames(options)].join(' ')}' ;;
  esac

  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _swarmd swarmd
`
}

function commandCase ({ name, options, operands }: CommandWords): string {
  return `    ${name}) words='${[...operands, ...optionNames(options)].join(' ')}' ;;`
}

function values ({ name, options }: CommandWords): string[] {
  return options.flatMap((option) => value(name, option))
}

/** What follows an option that takes something. */
function value (command: string, { names, takes, words }: OptionWords): string[] {
  const cases = names.map((name) => `'${command} ${name}'`).join('|')

  switch (takes) {
    case 'nothing': return []
    case 'words': return [`    ${cases}) COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$cur")); return ;;`]
    case 'file': return [`    ${cases}) COMPREPLY=($(compgen -f -- "$cur")); return ;;`]
    default: return [`    ${cases}) return ;;`]
  }
}

function optionNames (options: readonly OptionWords[]): string[] {
  return options.flatMap(({ names }) => names.filter((name) => name.startsWith('--')))
}

function valued (options: readonly OptionWords[]): string[] {
  return options.filter(({ takes }) => takes !== 'nothing').flatMap(({ names }) => names)
}
