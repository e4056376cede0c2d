import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { toError } from '../../base/index.ts'
import { ServiceError } from '../../service/index.ts'
import type { BackendHost } from '../../service/index.ts'

/** What TLS needs to know, as PEM. */
export interface EngineTls {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** Whether the engine has to prove who it is. */
  readonly isVerified: boolean
}

/** Where an engine listens. */
export type EngineAddress =
  | { readonly kind: 'unix', readonly path: string }
  | { readonly kind: 'tcp', readonly host: string, readonly port: number, readonly tls?: EngineTls | undefined }

export const USAGE = '[URL] [--tls | --tlsverify] [--tlscacert FILE] [--tlscert FILE] [--tlskey FILE]'

/** @default 'unix:///var/run/docker.sock' */
export const DEFAULT_URL = 'unix:///var/run/docker.sock'

const PORT = 2375
const TLS_PORT = 2376

const OPTIONS = {
  tls: { type: 'boolean' },
  tlsverify: { type: 'boolean' },
  tlscacert: { type: 'string' },
  tlscert: { type: 'string' },
  tlskey: { type: 'string' }
} as const

type Env = BackendHost['env']

/**
 * As the docker CLI takes them: the URL from the arguments, else `$DOCKER_HOST`; TLS also by `$DOCKER_TLS_VERIFY`, with
 * `ca.pem`, `cert.pem` and `key.pem` of `$DOCKER_CERT_PATH` or `~/.docker` where no file is named.
 *
 * @throws ServiceError InvalidArgument
 */
export async function parseClientOptions (args: readonly string[], env: Env): Promise<EngineAddress> {
  const { values, positionals: [url = env['DOCKER_HOST'] || DEFAULT_URL, ...more] } = parse(args)

  if (more.length > 0) {
    throw invalid(`wanted one URL at most, received ${more[0]} besides`)
  }

  const address = parseUrl(url)
  const wantsTls = address.isSecure || Object.keys(values).length > 0 || isSet(env['DOCKER_TLS_VERIFY'])

  if (address.kind === 'unix') {
    return { kind: 'unix', path: address.path }
  }

  return {
    kind: 'tcp',
    host: address.host,
    port: address.port ?? (wantsTls ? TLS_PORT : PORT),
    tls: wantsTls ? await readTls(values, env) : undefined
  }
}

type Values = Readonly<Partial<{ tls: boolean, tlsverify: boolean, tlscacert: string, tlscert: string, tlskey: string }>>

function parse (args: readonly string[]): { values: Values, positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (cause) {
    throw invalid(toError(cause).message, cause)
  }
}

type Url =
  | { readonly kind: 'unix', readonly path: string, readonly isSecure: false }
  | { readonly kind: 'tcp', readonly host: string, readonly port: number | undefined, readonly isSecure: boolean }

function parseUrl (text: string): Url {
  if (text.startsWith('unix://')) {
    const path = text.slice('unix://'.length)

    if (!path.startsWith('/') || path.endsWith('/')) {
      throw invalid(`wanted unix:// and the absolute path of a socket, received ${text}`)
    }

    return { kind: 'unix', path, isSecure: false }
  }

  const [, scheme = ''] = /^(tcp|http|https):\/\//.exec(text) ?? []
  const url = URL.parse(text.replace(/^tcp:/, 'http:'))

  if (scheme === '' || url == null || url.hostname === '' || url.pathname !== '/' || url.search !== '' || url.username !== '' || url.hash !== '') {
    throw invalid(`wanted unix:///PATH or tcp://HOST:PORT, received ${text}`)
  }

  // URL drops what is the default of its scheme
  const [, port = url.port] = /:(\d+)\/?$/.exec(text) ?? []

  return { kind: 'tcp', host: url.hostname.replace(/^\[|\]$/g, ''), port: port === '' ? undefined : Number(port), isSecure: scheme === 'https' }
}

/** Only `--tls` alone trusts whoever answers, as in the docker CLI. */
async function readTls ({ tls = false, tlsverify = false, tlscacert, tlscert, tlskey }: Values, env: Env): Promise<EngineTls> {
  const isVerified = tlsverify || !tls || isSet(env['DOCKER_TLS_VERIFY'])
  const folder = env['DOCKER_CERT_PATH'] || (env['HOME'] == null ? undefined : join(env['HOME'], '.docker'))
  const read = async (option: string, named: string | undefined, file: string): Promise<string | undefined> => {
    if (named != null) {
      return readPem(option, named)
    }

    return folder == null ? undefined : readFile(join(folder, file), 'utf8').catch(() => undefined)
  }

  return {
    ca: await read('--tlscacert', tlscacert, 'ca.pem'),
    ...await readPair(read, tlscert, tlskey),
    isVerified
  }
}

type Read = (option: string, named: string | undefined, file: string) => Promise<string | undefined>

async function readPair (read: Read, certFile: string | undefined, keyFile: string | undefined): Promise<Pick<EngineTls, 'cert' | 'key'>> {
  const cert = await read('--tlscert', certFile, 'cert.pem')
  const key = await read('--tlskey', keyFile, 'key.pem')

  if ((cert == null) !== (key == null)) {
    throw invalid(`wanted a certificate and its key, received ${cert == null ? 'a key without --tlscert' : 'a certificate without --tlskey'}`)
  }

  return { cert, key }
}

async function readPem (option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw invalid(`cannot read the file of ${option}: ${toError(cause).message}`, cause)
  }
}

function isSet (value: string | undefined): boolean {
  return value != null && value !== ''
}

function invalid (message: string, cause?: unknown): ServiceError {
  return new ServiceError('InvalidArgument', `${message}; usage: dockerclient ${USAGE}`, { cause })
}
