import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { toError } from '../../base/index.ts'
import { ConfigError } from './config-error.ts'
import { Place } from './place.ts'
import { nodeSchema } from './schema.ts'
import type { Problem } from './config-error.ts'
import type { NodeConfig } from './node-config.ts'
import type { Backend } from '../../service/index.ts'

/** Of a config file. */
export const MAX_CONFIG_BYTES = 1024 * 1024

/**
 * Reads a config file.
 *
 * @throws ConfigError with all that is wrong in it, or if it cannot be read
 */
export async function readConfig (file: string): Promise<NodeConfig> {
  const { BACKENDS } = await import('../../backends/index.ts')

  return parseConfig(await readText(file), { file, backends: BACKENDS })
}

/**
 * What the text of a config file says.
 *
 * @throws ConfigError with all that is wrong in it
 */
export async function parseConfig (text: string, { file, backends }: { file: string, backends: readonly Backend[] }): Promise<NodeConfig> {
  const lines = new LineCounter()
  const problems: Problem[] = []
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false, logLevel: 'error' })

  for (const { pos: [offset], message } of document.errors) {
    const { line, col } = lines.linePos(offset)

    problems.push({ line, column: col, path: '', message: `this is no YAML: ${message}` })
  }

  // what a broken file seems to say is not worth a complaint of its own
  const values = problems.length > 0 ? undefined : (await nodeSchema(backends))(new Place({ document, lines, problems }, document.contents))

  if (values == null || problems.length > 0) {
    throw new ConfigError(file, problems.sort((a, b) => a.line - b.line || a.column - b.column))
  }

  const { key, listen = [], peers = new Map(), services = new Map(), backends: offered = new Map() } = values

  return {
    file,
    key: key == null ? undefined : resolve(dirname(file), key),
    listen,
    peers: Object.fromEntries(peers),
    services: Array.from(services.values()),
    backends: Array.from(offered.values())
  }
}

async function readText (file: string): Promise<string> {
  try {
    const bytes = await readFile(file)

    if (bytes.byteLength > MAX_CONFIG_BYTES) {
      throw new Error(`it has ${bytes.byteLength} bytes, more than ${MAX_CONFIG_BYTES}`)
    }

    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (thrown) {
    throw new ConfigError(file, [{ line: 1, column: 1, path: '', message: `cannot be read: ${toReason(thrown)}` }], { cause: thrown })
  }
}

function toReason (thrown: unknown): string {
  const { code, message } = toError(thrown) as NodeJS.ErrnoException

  switch (code) {
    case 'ENOENT': return 'there is no such file; docs/swarmd-yml.md has one to begin with'
    case 'EISDIR': return 'it is a folder'
    case 'EACCES': return 'this user may not'
    case 'ERR_ENCODING_INVALID_ENCODED_DATA': return 'it is no UTF-8'
    default: return message
  }
}
