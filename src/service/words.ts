import { ServiceError } from './service-error.ts'

/**
 * Splits a line into words as a POSIX shell would (XCU 2.2), without expanding anything: spaces, tabs and line ends separate,
 * `'...'` is taken as it is, in `"..."` a backslash escapes `"`, `\`, `$` and a backquote, and outside of both it escapes anything.
 * A backslash before a line end joins the lines.
 *
 * @throws ServiceError InvalidArgument for a quote that is not closed, or a backslash at the end
 */
export function splitWords (line: string): string[] {
  const token = new RegExp(TOKEN)
  const words: string[] = []
  let word: string | undefined

  while (token.lastIndex < line.length) {
    const match = token.exec(line)

    if (match == null) {
      throw new ServiceError('InvalidArgument', `wanted quotes to be closed and something behind a backslash, received ${line}`)
    }

    const [, joined, space, single, double, escaped, plain] = match

    if (space != null) {
      words.push(...word == null ? [] : [word])
      word = undefined
    } else if (joined == null) {
      word = (word ?? '') + (single ?? double?.replace(ESCAPE, '$1') ?? escaped ?? plain ?? '')
    }
  }

  return word == null ? words : [...words, word]
}

const TOKEN = /(\\\r?\n)|([ \t\r\n]+)|'([^']*)'|"([^"\\]*(?:\\[^][^"\\]*)*)"|\\([^])|([^ \t\r\n'"\\]+)/y

const ESCAPE = /\\(?:(["\\$`])|\r?\n)/g
