import { createInterface } from 'node:readline'
import type { ClientEnd, Crowd } from '../systems/system.ts'
import type { Readable, Writable } from 'node:stream'

/** What a process of a benchmark is: the server of a system, a client of it, or a node with many peers. */
export type Role = 'serve' | 'connect' | 'crowd'

/** What a client can be told to do. */
export type Method = Exclude<keyof ClientEnd | keyof Crowd, 'close'>

/** What every end can be told to do. */
export type Order = Method | 'usage' | 'memory' | 'close'

export interface Command {
  order: Order
  args: unknown[]
}

/** The first line of an end. */
export interface Ready {
  about: string
  versions: Record<string, string>
  /** Why the system cannot run here; then nothing else is said. */
  missing?: string
  /** Of a server. */
  address?: string
  /** What a client offers. */
  offers: Method[]
}

/** An error says whether the system does not offer what was asked for, or failed. */
export type Reply = { result: unknown } | { error: string, isOffered: boolean }

/** Since the process started, of all processes of the end. */
export interface Usage {
  cpuSeconds: number
  peakBytes: number
}

/** Marks what is ours among what a library may print. */
const MARK = '#end '

export function writeLine (sink: Writable, value: Command | Reply | Ready): void {
  sink.write(`${MARK}${JSON.stringify(value)}\n`)
}

export async function * readLines<T> (source: Readable): AsyncGenerator<T> {
  for await (const line of createInterface({ input: source, crlfDelay: Infinity })) {
    if (line.startsWith(MARK)) {
      yield JSON.parse(line.slice(MARK.length)) as T
    }
  }
}
