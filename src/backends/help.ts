import type { Backend } from '../service/index.ts'

/** Columns of the text. */
const WIDTH = 100

/** What `--help` of a backend says. */
export function helpOf (backend: Backend): string {
  const { name, usage, summary, description = [], options = {}, examples = [], isPrivileged = false } = backend
  const parts = [
    `Usage: ${`${name} ${usage}`.trim()}`,
    wrap(sentence(summary), WIDTH).join('\n'),
    ...description.map((paragraph) => wrap(paragraph, WIDTH).join('\n')),
    ...(isPrivileged ? [wrap('Other peers may spawn it only if they are on its list.', WIDTH).join('\n')] : []),
    ...list('Options', options),
    ...(examples.length === 0 ? [] : [['Examples:', ...examples.map((example) => `  ${example}`)].join('\n')])
  ]

  return `${parts.join('\n\n')}\n`
}

function sentence (text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`
}

function list (title: string, entries: Readonly<Record<string, string>>): string[] {
  const names = Object.keys(entries)
  const column = Math.max(0, ...names.map((name) => name.length)) + 4

  const lines = Object.entries(entries).flatMap(([name, text]) => {
    const [first = '', ...rest] = wrap(text, WIDTH - column)

    return [`  ${name}`.padEnd(column) + first, ...rest.map((line) => ' '.repeat(column) + line)]
  })

  return names.length === 0 ? [] : [[`${title}:`, ...lines].join('\n')]
}

/** Breaks a text between words. */
function wrap (text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''

  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }

  return line === '' ? lines : [...lines, line]
}
