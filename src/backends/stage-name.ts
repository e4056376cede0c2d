import type { ParsedLine } from './parse-line.ts'

/** What names of options and variables hold secrets. */
const SECRET = /pass(word|wd|phrase)?|secret|token|credential|api-?_?key|access-?_?key|private-?_?key/i

/** In place of a secret. */
const HIDDEN = '***'

/** UTF-16 units of a name; the rest of longer lines is left out. */
export const MAX_STAGE_NAME = 256

/**
 * A line as people may see it, in logs and errors: passwords of URLs, and values of options and variables that
 * are named for a secret, are left out.
 */
export function stageName ({ words, peer }: ParsedLine): string {
  const shown = words.map((word, index) => quote(isSecretOption(words[index - 1]) ? HIDDEN : withoutSecrets(word)))
  const name = [...shown, ...(peer == null ? [] : [`@${peer}`])].join(' ')

  return name.length > MAX_STAGE_NAME ? `${name.slice(0, MAX_STAGE_NAME - 1)}…` : name
}

/** `--password`, whose value is the next word. */
function isSecretOption (word: string | undefined): boolean {
  return word != null && /^--?[\w-]+$/.test(word) && SECRET.test(word)
}

function withoutSecrets (word: string): string {
  const [, name, assigned] = /^([\w.-]+)=([\s\S]*)$/.exec(word) ?? []

  if (name != null && assigned !== '' && SECRET.test(name)) {
    return `${name}=${HIDDEN}`
  }

  return word.replace(/(\w:\/\/[^\s/:@]*):[^\s/@]+@/g, `$1:${HIDDEN}@`)
}

function quote (word: string): string {
  return word !== '' && /^[^\s'"\\]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
