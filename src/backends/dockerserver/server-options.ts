import { parseArgs } from 'node:util'
import { toError } from '../../base/index.ts'
import { ServiceError } from '../../service/index.ts'
import type { DockerAddress } from '../docker-url.ts'

/** Files with PEM in them. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
  /** Clients must show a certificate of this authority. */
  readonly ca?: string | undefined
}

export interface ServerOptions {
  readonly address: DockerAddress
  readonly tls?: TlsFiles | undefined
}

export const USAGE = '[URL] [--tls | --tlsverify] [--tlscacert FILE] [--tlscert FILE] [--tlskey FILE]'

const DEFAULT_PORT = 4243

/** @default 'tcp://127.0.0.1:4243' */
export const DEFAULT_URL = `tcp://127.0.0.1:${DEFAULT_PORT}`

const OPTIONS = {
  tls: { type: 'boolean' },
  tlsverify: { type: 'boolean' },
  tlscacert: { type: 'string' },
  tlscert: { type: 'string' },
  tlskey: { type: 'string' }
} as const

/** @throws ServiceError InvalidArgument */
export function parseServerOptions (args: readonly string[]): ServerOptions {
  const { values, positionals: [url = DEFAULT_URL, ...more] } = parse(args)

  if (more.length > 0) {
    throw invalid(`wanted one URL at most, received ${more[0]} besides`)
  }

  const address = parseAddress(url)
  const { tls = false, tlsverify = false, tlscacert, tlscert, tlskey } = values

  if (!tls && !tlsverify && tlscacert == null && tlscert == null && tlskey == null) {
    return { address }
  }

  if (tlscert == null || tlskey == null) {
    throw invalid('TLS wants --tlscert and --tlskey')
  }

  if (tlsverify && tlscacert == null) {
    throw invalid('--tlsverify wants --tlscacert, the authority of the clients\' certificates')
  }

  return { address, tls: { cert: tlscert, key: tlskey, ca: tlscacert } }
}

interface Parsed {
  readonly values: Readonly<Partial<{ tls: boolean, tlsverify: boolean, tlscacert: string, tlscert: string, tlskey: string }>>
  readonly positionals: readonly string[]
}

function parse (args: readonly string[]): Parsed {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (cause) {
    throw invalid(toError(cause).message, cause)
  }
}

/** @throws ServiceError InvalidArgument */
function parseAddress (text: string): DockerAddress {
  if (text.startsWith('unix://')) {
    const path = text.slice('unix://'.length)

    if (!path.startsWith('/') || path.endsWith('/')) {
      throw invalid(`wanted unix:// and the absolute path of a socket, received ${text}`)
    }

    return { kind: 'unix', path }
  }

  const url = URL.parse(text)

  if (url?.protocol !== 'tcp:' || url.hostname === '' || !['', '/'].includes(url.pathname) || url.search !== '' || url.username !== '') {
    throw invalid(`wanted tcp://HOST:PORT or unix:///PATH, received ${text}`)
  }

  return { kind: 'tcp', host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? DEFAULT_PORT : Number(url.port) }
}

function invalid (message: string, cause?: unknown): ServiceError {
  return new ServiceError('InvalidArgument', `${message}; usage: dockerserver ${USAGE}`, { cause })
}

export function isLoopback (host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}
