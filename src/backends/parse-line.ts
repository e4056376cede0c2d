import { ServiceError, splitWords } from '../service/index.ts'

/** What a line of a pipeline says. */
export interface ParsedLine {
  /** The backend, then its arguments. */
  readonly words: readonly string[]
  /** Where to spawn it: a peer ID, a multiaddr, or a name that this node gave to a peer. */
  readonly peer?: string | undefined
}

/** The end of a line that names a peer: a word of its own that begins with @ as it stands, not in quotes or behind a backslash. */
const PEER = /(?:^|\s)@(\S*)\s*$/

/**
 * Takes a line apart: `exec grep ERR @PEER`. Words are split as a shell would, without expanding anything. A last
 * word that begins with `@` says where; one to be taken as it is is written `'@x'` or `\@x`.
 *
 * @throws ServiceError InvalidArgument for quotes that are not closed, a line without a backend, or `@` without a peer
 */
export function parseLine (line: string): ParsedLine {
  const all = splitWords(line)
  const written = PEER.exec(line)?.[1]
  // inside quotes, `"mail @x"`, the line may end like that though its last word is another
  const peer = written != null && all.at(-1) === `@${written}` ? written : undefined
  const words = peer == null ? all : all.slice(0, -1)

  if (peer === '') {
    throw new ServiceError('InvalidArgument', `wanted a peer behind @ (its ID, an address, a name), or '@' in quotes as an argument, received ${line}`)
  }

  if (words.length === 0) {
    throw new ServiceError('InvalidArgument', `wanted a backend and its arguments, as in 'exec ls', received ${line.trim() === '' ? 'an empty line' : line}`)
  }

  return peer == null ? { words } : { words, peer }
}
