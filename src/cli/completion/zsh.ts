import type { CommandWords, OptionWords, Words } from './words.ts'

/** A script for zsh: in a folder of `$fpath` as `_swarmd`, or `source <(swarmd completion zsh)`. */
export function zshScript ({ commands, backends, options }: Words): string {
  return `#compdef swarmd
# zsh completion of swarmd; made by 'swarmd completion zsh'
_swarmd () {
  local context state line
  typeset -A opt_args

  _arguments -C \\
${options.map(specOf).map((spec) => `    ${spec} \\`).join('\n')}
    '1: :->first' '*:: :->rest'

  case $state in
    first)
      local -a commands backends
      commands=(${described(commands)})
      backends=(${described(backends)})
      _describe -t commands command commands
      _describe -t backends backend backends
      ;;
    rest)
      case $words[1] in
${commands.map(commandCase).join('\n')}
        *) _default ;;
      esac
      ;;
  esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _swarmd "$@"
else
  compdef _swarmd swarmd
fi
`
}

function commandCase ({ name, options, operands }: CommandWords): string {
  const rest = operands.length === 0 ? '_default' : `(${operands.join(' ')})`

  return `        ${name}) _arguments ${[...options.map(specOf), `'*: :${rest}'`].join(' ')} ;;`
}

/** `'(--config -c)'{--config,-c}'[help]:file:_files'`. */
function specOf ({ names, help, takes, words }: OptionWords): string {
  const [first = ''] = names
  const rest = `[${quote(help)}]${behind(takes, words)}`

  return names.length === 1 ? `'${first}${rest}'` : `{${names.join(',')}}'${rest}'`
}

function behind (takes: OptionWords['takes'], words: readonly string[]): string {
  switch (takes) {
    case 'nothing': return ''
    case 'file': return ':file:_files'
    case 'words': return `:value:(${words.join(' ')})`
    default: return ':value: '
  }
}

function described (entries: ReadonlyArray<{ readonly name: string, readonly summary: string }>): string {
  return entries.map(({ name, summary }) => `'${name}:${quote(summary)}'`).join(' ')
}

/** Within single quotes, where brackets and colons mean something. */
function quote (text: string): string {
  return text.replaceAll("'", "'\\''").replace(/[[\]:]/g, '\\$&')
}
