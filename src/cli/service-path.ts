import { UsageError } from './usage-error.ts'

/** A service, or something in it, at a peer. */
export interface ServicePath {
  /** A peer ID, an address, or a name. */
  readonly peer: string
  /** Names with slashes between; empty for the peer itself. */
  readonly path: string
}

/** The end of the address of a peer, which is no relay on the way to another. */
const END_OF_ADDRESS = /\/p2p\/[^/]+(?!\/p2p-circuit)(?=\/|$)/

/**
 * Takes `PEER/path` apart. An address has slashes too: it ends behind `/p2p/` and the peer ID.
 *
 * @throws UsageError
 */
export function parseServicePath (word: string, command: string): ServicePath {
  if (!word.startsWith('/')) {
    const [peer = '', ...path] = word.split('/')

    return checked({ peer, path: path.join('/') }, word, command)
  }

  const match = END_OF_ADDRESS.exec(word)

  if (match == null) {
    throw new UsageError(`${command} wants an address to end in /p2p/<peer ID>, so that it is known where the path begins, received '${word}'`, command)
  }

  const end = match.index + match[0].length

  return checked({ peer: word.slice(0, end), path: word.slice(end + 1) }, word, command)
}

function checked ({ peer, path }: ServicePath, word: string, command: string): ServicePath {
  const trimmed = path.replace(/\/$/, '')

  if (peer === '' || trimmed.split('/').slice(0, trimmed === '' ? 0 : undefined).includes('')) {
    throw new UsageError(`${command} wants PEER/path, as alice/docker/web, received '${word}'`, command)
  }

  return { peer, path: trimmed }
}
