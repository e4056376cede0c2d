import { CodedError } from '../base/index.ts'
import type { ChannelTransport } from './contract/index.ts'

/** Transports by scheme, without colon. Each is loaded when it is first used. */
export type SchemeTable = Readonly<Record<string, () => Promise<ChannelTransport>>>

/** What people write who mean one of ours. */
const MEANT: Readonly<Record<string, string>> = {
  http: 'ws: or http2:',
  https: 'wss: or https2:',
  ssl: 'tls:',
  h2: 'https2:',
  h2c: 'http2:',
  file: 'unix:',
  ipc: 'unix:'
}

/**
 * The URL, and who connects to it or listens on it.
 *
 * @throws CodedError InvalidAddress, naming the schemes there are
 */
export async function transportFor (schemes: SchemeTable, address: string | URL): Promise<{ url: URL, transport: ChannelTransport }> {
  const known = Object.keys(schemes).map((scheme) => `${scheme}:`).join(' ')
  const url = parse(address, known)
  const scheme = url.protocol.slice(0, -1)
  const load = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined

  if (load == null) {
    const meant = MEANT[scheme] == null ? '' : `: did you mean ${MEANT[scheme]}?`

    throw new CodedError('InvalidAddress', `there are no channels over ${scheme}:${meant} There are ${known}, received ${String(address)}`)
  }

  return { url, transport: await load() }
}

function parse (address: string | URL, known: string): URL {
  try {
    return new URL(address)
  } catch (cause) {
    throw new CodedError('InvalidAddress', `an address must be a URL, of one of the schemes ${known}, received ${JSON.stringify(address)}`, { cause })
  }
}
