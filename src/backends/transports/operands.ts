import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { toError } from '../../base/index.ts'
import { ServiceError } from '../../service/index.ts'
import type { TlsOptions } from '../../channel/index.ts'
import type { ParseArgsConfig } from 'node:util'

/** What a transport is called in URLs; `secure` is the same over TLS. */
export interface TransportNames {
  /** Of the backend. */
  readonly name: string
  readonly plain?: string | undefined
  readonly secure?: string | undefined
  readonly usage: string
  /** Besides those of TLS. */
  readonly options?: ParseArgsConfig['options']
}

/** What the arguments of a transport say. */
export interface Operands {
  readonly mode: 'listen' | 'connect'
  readonly url: string
  readonly tls: TlsOptions
  readonly origins: readonly string[] | undefined
}

const TLS_OPTIONS = {
  tls: { type: 'boolean' },
  cert: { type: 'string' },
  key: { type: 'string' },
  ca: { type: 'string' },
  servername: { type: 'string' },
  'require-cert': { type: 'boolean' },
  insecure: { type: 'boolean' }
} as const

/** Where to listen, and whom to connect to, when only a port is given: nobody else should hear of it by chance. */
const OWN_HOST = '127.0.0.1'

/** @throws ServiceError InvalidArgument */
export async function parseOperands (args: readonly string[], names: TransportNames): Promise<Operands> {
  const { values, positionals } = parse(args, names)
  const [first, ...others] = positionals
  const mode = first === 'listen' ? 'listen' : 'connect'
  const [address, ...more] = first === 'listen' || first === 'connect' ? others : positionals

  if (address == null || address === '' || more.length > 0) {
    throw invalid(names, `wanted one address, received ${address == null || address === '' ? 'none' : positionals.join(' ')}`)
  }

  const url = toUrl(address, names, Object.keys(values).some((name) => name in TLS_OPTIONS))

  return {
    mode,
    url,
    tls: await readTls(values, names),
    origins: Array.isArray(values['origin']) ? values['origin'].map(String) : undefined
  }
}

type Values = Readonly<Record<string, unknown>>

function parse (args: readonly string[], names: TransportNames): { values: Values, positionals: string[] } {
  const options = { ...names.secure == null ? {} : TLS_OPTIONS, ...names.options }

  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (thrown) {
    throw invalid(names, toError(thrown).message)
  }
}

/** `HOST:PORT`, `:PORT`, `PORT`, a path for unix sockets, or a URL. */
function toUrl (address: string, names: TransportNames, wantsTls: boolean): string {
  const schemes = [names.plain, names.secure].filter((scheme) => scheme != null)
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//.exec(address) ?? []

  if (scheme != null) {
    if (!schemes.includes(scheme)) {
      throw invalid(names, `wanted an address of ${schemes.map((known) => `${known}:`).join(' or ')}, received ${address}`)
    }

    if (wantsTls && scheme !== names.secure) {
      throw invalid(names, `${address} is not encrypted, and options of TLS are of no use there: wanted ${names.secure}:`)
    }

    return address
  }

  if (names.plain === 'unix') {
    return `unix://${pathToFileURL(resolve(address)).pathname}`
  }

  const own = /^:?\d+(\/|$)/.test(address) ? `${OWN_HOST}:${address.replace(/^:/, '')}` : address

  return `${(wantsTls ? names.secure : undefined) ?? names.plain ?? names.secure}://${own}`
}

async function readTls (values: Values, names: TransportNames): Promise<TlsOptions> {
  const [cert, key, ca] = await Promise.all(['cert', 'key', 'ca'].map(async (name) => read(values[name], name, names)))

  return {
    ...(cert == null ? {} : { cert }),
    ...(key == null ? {} : { key }),
    ...(ca == null ? {} : { ca }),
    ...(typeof values['servername'] === 'string' ? { servername: values['servername'] } : {}),
    ...(values['require-cert'] === true ? { requestCert: true } : {}),
    ...(values['insecure'] === true ? { rejectUnauthorized: false } : {})
  }
}

async function read (path: unknown, option: string, names: TransportNames): Promise<string | undefined> {
  if (typeof path !== 'string') {
    return undefined
  }

  try {
    return await readFile(path, 'utf8')
  } catch (thrown) {
    throw invalid(names, `cannot read the file of --${option}: ${toError(thrown).message}`)
  }
}

/** With how it is used. */
export function invalid ({ name, usage }: Pick<TransportNames, 'name' | 'usage'>, what: string): ServiceError {
  return new ServiceError('InvalidArgument', `${name}: ${what}; usage: ${name} ${usage}`)
}
