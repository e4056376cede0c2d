/** How words look; plain where nobody watches. */
export interface Style {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
}

const PLAIN: Style = {
  bold: (text) => text,
  dim: (text) => text,
  good: (text) => text,
  bad: (text) => text
}

const COLOURED: Style = {
  bold: (text) => `\u001b[1m${text}\u001b[22m`,
  dim: (text) => `\u001b[2m${text}\u001b[22m`,
  good: (text) => `\u001b[32m${text}\u001b[39m`,
  bad: (text) => `\u001b[31m${text}\u001b[39m`
}

/** Colour for terminals, unless the environment asks for none (https://no-color.org). */
export function styleFor (isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Style {
  const isWanted = isTerminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'

  return isWanted ? COLOURED : PLAIN
}

/** Text that others sent, without what a terminal would obey. */
export function printable (text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '\ufffd')
}
