import { parseArgs } from 'node:util'
import { toError } from '../../base/index.ts'
import { ServiceError } from '../../service/index.ts'
import { parseLine } from '../parse-line.ts'
import { stageName } from '../stage-name.ts'
import { AGGREGATE_DEFAULTS, MAX_ENGINES } from './options.ts'
import type { ParsedLine } from '../parse-line.ts'

export const AGGREGATE_USAGE = "[--timeout SECONDS] '[NAME=]BACKEND [ARG...] [@PEER]'..."

/** One of those that are put together. */
export interface EngineLine {
  readonly name: string
  readonly line: string
  /** For people: without secrets. */
  readonly stageName: string
}

export interface AggregateArgs {
  readonly lines: readonly EngineLine[]
  readonly timeoutMs: number
}

const NAMED = /^([A-Za-z0-9][\w.-]*)=(?=\s*\S)/

/** Peer IDs and addresses would make no names that one wants to type. */
const ALIAS = /^[A-Za-z0-9][\w.-]{0,31}$/

/** @throws ServiceError InvalidArgument */
export function parseAggregateArgs (args: readonly string[]): AggregateArgs {
  const { values, positionals } = parse(args)

  if (positionals.length === 0 || positionals.length > MAX_ENGINES) {
    throw invalid(`wanted 1 to ${MAX_ENGINES} engines, each a line in quotes, received ${positionals.length}`)
  }

  return { lines: nameAll(positionals), timeoutMs: toTimeoutMs(values.timeout) }
}

function parse (args: readonly string[]): { values: { timeout?: string | undefined }, positionals: string[] } {
  try {
    return parseArgs({ args: [...args], options: { timeout: { type: 'string' } }, allowPositionals: true, strict: true })
  } catch (thrown) {
    throw invalid(toError(thrown).message)
  }
}

function toTimeoutMs (text: string | undefined): number {
  if (text == null) {
    return AGGREGATE_DEFAULTS.timeoutMs
  }

  const seconds = Number(text)

  if (text.trim() === '' || !(seconds > 0 && seconds < Infinity)) {
    throw invalid(`wanted --timeout to be a number of seconds above 0, received ${text}`)
  }

  return seconds * 1000
}

function nameAll (texts: readonly string[]): EngineLine[] {
  const read = texts.map((text) => {
    const given = NAMED.exec(text)?.[1]
    const line = given == null ? text : text.slice(given.length + 1)

    return { given, line, parsed: parseLine(line) }
  })
  const taken = new Set<string>()

  for (const { given } of read) {
    if (given != null && taken.has(given)) {
      throw invalid(`wanted a name for each engine, received ${given} twice`)
    }

    taken.add(given ?? '')
  }

  return read.map(({ given, line, parsed }) => {
    const name = given ?? freeName(parsed, taken)

    taken.add(name)

    return { name, line, stageName: stageName(parsed) }
  })
}

/** What this node calls the peer; or else the backend, counted from 1. */
function freeName ({ words: [backend = ''], peer = '' }: ParsedLine, taken: ReadonlySet<string>): string {
  if (ALIAS.test(peer) && !taken.has(peer)) {
    return peer
  }

  const base = ALIAS.test(peer) ? peer : withoutPath(backend)
  let number = ALIAS.test(peer) ? 2 : 1

  while (taken.has(`${base}${number}`)) {
    number++
  }

  return `${base}${number}`
}

/** The name of a handler is its file's. */
function withoutPath (backend: string): string {
  return backend.replace(/^.*\//, '').replace(/\.[cm]?[jt]s$/, '').replace(/[^\w.-]/g, '-')
}

function invalid (what: string): ServiceError {
  return new ServiceError('InvalidArgument', `aggregate: ${what}; usage: aggregate ${AGGREGATE_USAGE}`)
}
